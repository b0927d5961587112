import { appArmorAnnotation } from '../pods/app-armor.ts';
import type { AppArmorProfile, PodSpec } from '../schema/types.d.ts';

const replaced: Record<string, string> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};
const seccompOfPod = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompOf = 'container.seccomp.security.alpha.kubernetes.io/';
const noSeccomp = 'non-functional in v1.27+; use the "seccompProfile" field instead';
const noAppArmor = 'deprecated since v1.30; use the "appArmorProfile" field instead';

/** Annotations that were fields before there were such: of a pod, only its fields are looked at. */
export function warnOfAnnotations(
  annotations: Record<string, string>,
  spec: PodSpec,
  field: string,
  warnings: string[],
): void {
  let ofContainers = false;
  for (const key in annotations) {
    if (Object.hasOwn(replaced, key)) warnings.push(`${field}[${key}]: ${replaced[key]}`);
    else if (key === seccompOfPod && !spec.securityContext?.seccompProfile)
      warnings.push(`${field}[${key}]: ${noSeccomp}`);
    ofContainers ||= key.startsWith(seccompOf) || key.startsWith(appArmorAnnotation);
  }
  if (!ofContainers) return;
  const isPod = field === 'metadata.annotations';
  const profile = shown(spec.securityContext?.appArmorProfile);
  const say = (key: string, why: string) => warnings.push(`${field}[${key}]: ${why}`);
  for (const { name, securityContext } of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    const [seccomp, appArmor] = [seccompOf + name, appArmorAnnotation + name];
    if (Object.hasOwn(annotations, seccomp) && !securityContext?.seccompProfile) say(seccomp, noSeccomp);
    if (!Object.hasOwn(annotations, appArmor)) continue;
    // Into the field of a pod the annotation was copied: that it is there does not say that somebody knows it.
    const isSaid = securityContext?.appArmorProfile ? !isPod : annotations[appArmor] === profile;
    if (!isSaid) say(appArmor, noAppArmor);
  }
}

/** As an annotation says it. */
function shown(profile: AppArmorProfile | undefined): string | undefined {
  if (profile?.type === 'RuntimeDefault') return 'runtime/default';
  if (profile?.type === 'Unconfined') return 'unconfined';
  return profile?.type === 'Localhost' ? `localhost/${profile.localhostProfile}` : undefined;
}
