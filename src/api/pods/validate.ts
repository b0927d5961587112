import type { Container, Pod, PodSpec, PodTemplateSpec } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { duplicate, ErrorList, forbiddenValue, invalidValue, notFound, required } from '../validation/errors.ts';
import { validateAnnotations, validateLabels } from '../validation/metadata.ts';
import { dnsLabel, dnsSubdomain, qualifiedName } from '../validation/names.ts';
import {
  checkAddress,
  checkEnum,
  checkName,
  checkNotNegative,
  checkOptionalEnum,
  checkOptionalName,
  checkRange,
  preemptionPolicies,
} from '../validation/values.ts';
import { validateContainer } from './containers.ts';
import { validateDns } from './dns.ts';
import { validateOperatingSystem } from './operating-system.ts';
import { validateProbes } from './probes.ts';
import { validateOverhead, validatePodResources } from './resources.ts';
import { validateRestarts } from './restart-rules.ts';
import { validateScheduling } from './scheduling.ts';
import { validatePodSecurity } from './security.ts';
import { validateVolumes } from './volumes.ts';

/** What containers of one pod must not take twice, and what they may refer to. */
export type PodContext = {
  errors: FieldError[];
  containerNames: Set<string>;
  hostPorts: Set<string>;
  volumes: Set<string>;
  /** Of `resourceClaims`. */
  claims: ReadonlySet<string>;
  hostNetwork: boolean;
  /** Are its users those of the node? */
  hostUsers: boolean;
};

/** More than this no node could run: bounds the work of one request. */
const containersMax = 500;

export function validatePod({ spec }: Pod): FieldError[] {
  const errors = new ErrorList();
  validatePodSpec(spec ?? { containers: [] }, 'spec', errors);
  if (spec?.nodeName && spec.schedulingGates?.length)
    errors.push(forbiddenValue('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
  return errors;
}

/** `field` is the path of the template, such as `spec.template`. */
export function validatePodTemplate(template: PodTemplateSpec | undefined, field: string, errors: FieldError[]): void {
  const { metadata, spec } = template ?? {};
  if (metadata?.labels) validateLabels(metadata.labels, `${field}.labels`, errors);
  if (metadata?.annotations) validateAnnotations(metadata.annotations, `${field}.annotations`, errors);
  validatePodSpec(spec ?? { containers: [] }, `${field}.spec`, errors);
  if (spec?.ephemeralContainers?.length)
    errors.push(
      forbiddenValue(`${field}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'),
    );
}

const podRestarts = enumOf(['Always', 'OnFailure', 'Never'], 'core.v1.PodSpec.restartPolicy');

const noClaims: ReadonlySet<string> = new Set();

/** Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidatePodSpec. */
export function validatePodSpec(spec: PodSpec, field: string, errors: FieldError[]): void {
  const volumes = validateVolumes(spec.volumes ?? [], `${field}.volumes`, errors);
  const context: PodContext = {
    errors,
    containerNames: new Set(),
    hostPorts: new Set(),
    volumes,
    claims: spec.resourceClaims ? new Set(spec.resourceClaims.map(({ name }) => name)) : noClaims,
    hostNetwork: spec.hostNetwork ?? false,
    hostUsers: spec.hostUsers ?? true,
  };
  validateContainers(spec, field, context);
  checkEnum(spec.restartPolicy, podRestarts, `${field}.restartPolicy`, errors);
  validateDns(spec, field, errors);
  if (spec.securityContext) validatePodSecurity(spec.securityContext, `${field}.securityContext`, errors);
  if (spec.hostPID && spec.shareProcessNamespace)
    errors.push(
      invalidValue(
        `${field}.securityContext.shareProcessNamespace`,
        true,
        'ShareProcessNamespace and HostPID cannot both be enabled',
      ),
    );
  validateScheduling(spec, field, errors);
  validatePodNames(spec, field, errors);
  checkRange(spec.activeDeadlineSeconds, 1, 2 ** 31 - 1, `${field}.activeDeadlineSeconds`, errors);
  checkNotNegative(spec.terminationGracePeriodSeconds, `${field}.terminationGracePeriodSeconds`, errors);
  if (spec.resources && spec.os?.name !== 'windows')
    validatePodResources(spec, spec.resources, `${field}.resources`, errors);
  checkOptionalEnum(spec.preemptionPolicy, preemptionPolicies, `${field}.preemptionPolicy`, errors);
  if (spec.hostUsers === false) validateUserNamespace(spec, field, errors);
  if (spec.os) validateOperatingSystem(spec, field, errors);
  validateOverhead(spec.overhead, `${field}.overhead`, errors);
}

/** A user namespace of its own goes with no other namespace of the node, and not with raw devices. */
function validateUserNamespace(spec: PodSpec, field: string, errors: FieldError[]): void {
  const why = 'when `hostUsers` is false';
  if (spec.hostNetwork) errors.push(forbiddenValue(`${field}.hostNetwork`, why));
  // Upstream writes these two with a capital.
  if (spec.hostPID) errors.push(forbiddenValue(`${field}.HostPID`, why));
  if (spec.hostIPC) errors.push(forbiddenValue(`${field}.HostIPC`, why));
  for (const list of ['containers', 'initContainers', 'ephemeralContainers'] as const)
    spec[list]?.forEach(({ volumeDevices }, index) => {
      if (volumeDevices?.length) errors.push(forbiddenValue(`${field}.${list}[${index}].volumeDevices`, why));
    });
}

function validateContainers(spec: PodSpec, field: string, context: PodContext): void {
  const { errors } = context;
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec;
  if (containers.length === 0) errors.push(required(`${field}.containers`));
  if (containers.length + initContainers.length + ephemeralContainers.length > containersMax) {
    errors.push(invalidValue(`${field}.containers`, containers.length, `must have at most ${containersMax} items`));
    return;
  }
  containers.forEach((container, index) => {
    const at = `${field}.containers[${index}]`;
    validateContainer(container, at, context);
    validateProbes(container, at, errors);
    validateRestarts(container, at, errors);
  });
  initContainers.forEach((container, index) => {
    const at = `${field}.initContainers[${index}]`;
    // Init containers run one after the other: their host ports may be the same as others'.
    validateContainer(container, at, { ...context, hostPorts: new Set() });
    validateRestarts(container, at, errors);
    if (container.restartPolicy === 'Always') validateProbes(container, at, errors);
    else
      for (const name of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const)
        if (container[name] !== undefined)
          errors.push(
            forbiddenValue(`${at}.${name}`, `may not be set for init containers without restartPolicy=Always`),
          );
  });
  ephemeralContainers.forEach((container, index) => {
    validateEphemeral(
      container as Container & { targetContainerName?: string },
      `${field}.ephemeralContainers[${index}]`,
      spec,
      context,
    );
  });
}

const notForEphemeral = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
] as const;

function validateEphemeral(
  container: Container & { targetContainerName?: string },
  field: string,
  spec: PodSpec,
  context: PodContext,
): void {
  const { errors } = context;
  validateContainer(container, field, context);
  for (const name of notForEphemeral)
    if (container[name] !== undefined)
      errors.push(forbiddenValue(`${field}.${name}`, 'cannot be set for an Ephemeral Container'));
  if (container.resources && Object.keys(container.resources).length > 0)
    errors.push(forbiddenValue(`${field}.resources`, 'cannot be set for an Ephemeral Container'));
  const target = container.targetContainerName;
  const names = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name);
  if (target && !names.includes(target)) errors.push(notFound(`${field}.targetContainerName`, target));
}

function validatePodNames(spec: PodSpec, field: string, errors: FieldError[]): void {
  const { serviceAccountName, nodeName, hostname, subdomain, priorityClassName, runtimeClassName } = spec;
  if (serviceAccountName) checkName(serviceAccountName, dnsSubdomain, `${field}.serviceAccountName`, errors);
  if (nodeName) checkName(nodeName, dnsSubdomain, `${field}.nodeName`, errors);
  if (hostname) checkName(hostname, dnsLabel, `${field}.hostname`, errors);
  if (subdomain) checkName(subdomain, dnsLabel, `${field}.subdomain`, errors);
  if (priorityClassName) checkName(priorityClassName, dnsSubdomain, `${field}.priorityClassName`, errors);
  checkOptionalName(spec.hostnameOverride, dnsSubdomain, `${field}.hostnameOverride`, errors);
  checkOptionalName(runtimeClassName, dnsSubdomain, `${field}.runtimeClassName`, errors);
  spec.readinessGates?.forEach(({ conditionType }, index) => {
    checkName(conditionType, qualifiedName, `${field}.readinessGates[${index}].conditionType`, errors);
  });
  spec.hostAliases?.forEach(({ ip, hostnames }, index) => {
    checkAddress(ip, `${field}.hostAliases[${index}].ip`, errors);
    hostnames?.forEach((name, at) => {
      checkName(name, dnsSubdomain, `${field}.hostAliases[${index}].hostnames[${at}]`, errors);
    });
  });
  if (spec.resourceClaims) validateClaims(spec.resourceClaims, `${field}.resourceClaims`, errors);
}

type Claims = NonNullable<PodSpec['resourceClaims']>;

function validateClaims(claims: Claims, field: string, errors: FieldError[]): void {
  const names = new Set<string>();
  claims.forEach(({ name, resourceClaimName, resourceClaimTemplateName }, index) => {
    const at = `${field}[${index}]`;
    checkName(name, dnsLabel, `${at}.name`, errors);
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    checkOptionalName(resourceClaimName, dnsSubdomain, `${at}.resourceClaimName`, errors);
    checkOptionalName(resourceClaimTemplateName, dnsSubdomain, `${at}.resourceClaimTemplateName`, errors);
    if ((resourceClaimName === undefined) === (resourceClaimTemplateName === undefined))
      errors.push(
        invalidValue(at, '', 'must specify exactly one of: `resourceClaimName`, `resourceClaimTemplateName`'),
      );
  });
}
