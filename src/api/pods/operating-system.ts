import type { PodSpec } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { forbiddenValue } from '../validation/errors.ts';
import { checkEnum } from '../validation/values.ts';

/** Fields that mean nothing to Windows: of a pod, of its security context, and of that of a container. */
const ofPod = ['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace'] as const;
const ofPodSecurity = [
  ...(['appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'fsGroup', 'fsGroupChangePolicy', 'sysctls'] as const),
  ...(['runAsUser', 'runAsGroup', 'supplementalGroups', 'supplementalGroupsPolicy', 'seLinuxChangePolicy'] as const),
];
const ofContainerSecurity = [
  ...(['appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'capabilities', 'readOnlyRootFilesystem'] as const),
  ...(['privileged', 'allowPrivilegeEscalation', 'procMount', 'runAsUser', 'runAsGroup'] as const),
];

const systems = enumOf(['linux', 'windows'], 'core.v1.PodOS.name');

/**
 * A pod that names its operating system has no fields of another one. Source: kubernetes/kubernetes
 * pkg/apis/core/validation/validation.go, validateLinux and validateWindows.
 */
export function validateOperatingSystem(spec: PodSpec, field: string, errors: FieldError[]): void {
  checkEnum(spec.os?.name, systems, `${field}.os.name`, errors);
  const isLinux = spec.os?.name === 'linux';
  if (!isLinux && spec.os?.name !== 'windows') return;
  const why = isLinux ? 'windows options cannot be set for a linux pod' : 'cannot be set for a windows pod';
  const refuse = (holder: object | undefined, names: readonly string[], at: string) => {
    for (const name of names)
      if (holder !== undefined && name in holder) errors.push(forbiddenValue(`${at}.${name}`, why));
  };
  if (!isLinux) refuse(spec, ofPod, field);
  if (!isLinux && spec.resources) errors.push(forbiddenValue(`${field}.resources`, 'may not be set for a windows pod'));
  refuse(spec.securityContext, isLinux ? ['windowsOptions'] : ofPodSecurity, `${field}.securityContext`);
  for (const list of ['containers', 'initContainers', 'ephemeralContainers'] as const)
    spec[list]?.forEach(({ securityContext }, index) => {
      const at = `${field}.${list}[${index}].securityContext`;
      refuse(securityContext, isLinux ? ['windowsOptions'] : ofContainerSecurity, at);
    });
}
