import type { EphemeralContainer, Pod, PodSpec, Toleration } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { ErrorList, forbiddenValue, immutable, invalidValue } from '../validation/errors.ts';
import { sameValue } from '../validation/values.ts';
import { mirrorAnnotation } from './mirror-pod.ts';
import { validatePodSpec } from './validate.ts';

const changeable =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/**
 * A pod runs what it was created with: only a few fields may change. Source: kubernetes/kubernetes
 * pkg/apis/core/validation/validation.go, ValidatePodUpdate.
 */
export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors = new ErrorList();
  const after = pod.spec ?? { containers: [] };
  const before = old.spec ?? { containers: [] };
  for (const list of ['containers', 'initContainers'] as const)
    if ((after[list]?.length ?? 0) !== (before[list]?.length ?? 0)) {
      errors.push(forbiddenValue(`spec.${list}`, 'pod updates may not add or remove containers'));
      return errors;
    }
  validateDeadline(after, before, errors);
  validateTolerationChange(after.tolerations ?? [], before.tolerations ?? [], errors);
  if (before.schedulingGates || after.schedulingGates) validateGates(after, before, errors);
  const munged = withChangeable(after, before);
  if (!sameValue(munged, before)) {
    const changed = changedFields(munged, before);
    errors.push(forbiddenValue('spec', `${changeable}; changed: ${changed.join(', ')}`));
  }
  return errors;
}

/** The new spec with the old values of what may change, so that any other difference shows. */
function withChangeable(after: PodSpec, before: PodSpec): PodSpec {
  const munged: PodSpec = {
    ...after,
    containers: (after.containers ?? []).map((container, index) =>
      withImage(container, before.containers[index]!.image),
    ),
    activeDeadlineSeconds: before.activeDeadlineSeconds,
    tolerations: before.tolerations,
    schedulingGates: before.schedulingGates,
  };
  if (after.initContainers)
    munged.initContainers = after.initContainers.map((container, index) =>
      withImage(container, before.initContainers![index]!.image),
    );
  if ((before.terminationGracePeriodSeconds ?? 0) < 0 && after.terminationGracePeriodSeconds === 1)
    munged.terminationGracePeriodSeconds = before.terminationGracePeriodSeconds;
  // While gates hold a pod back from the scheduler, where it may go can still be narrowed.
  if (before.schedulingGates?.length) {
    munged.nodeSelector = before.nodeSelector;
    if (after.affinity?.nodeAffinity || before.affinity?.nodeAffinity)
      munged.affinity = { ...after.affinity, nodeAffinity: before.affinity?.nodeAffinity };
    if (munged.affinity && Object.values(munged.affinity).every((part) => part === undefined))
      munged.affinity = before.affinity;
  }
  return munged;
}

const withImage = <T extends { image?: string }>(container: T, image: string | undefined): T => ({
  ...container,
  image,
});

const changedFields = (after: PodSpec, before: PodSpec): string[] =>
  [...new Set([...Object.keys(after), ...Object.keys(before)])]
    .filter((key) => !sameValue(after[key as keyof PodSpec], before[key as keyof PodSpec]))
    .map((key) => `spec.${key}`);

function validateDeadline(after: PodSpec, before: PodSpec, errors: FieldError[]): void {
  const [now, then] = [after.activeDeadlineSeconds, before.activeDeadlineSeconds];
  if (then === undefined || now === then) return;
  const field = 'spec.activeDeadlineSeconds';
  if (now === undefined) errors.push(invalidValue(field, null, 'must not update from a positive integer to nil value'));
  else if (now > then) errors.push(invalidValue(field, now, `must be less than or equal to previous value`));
}

function validateTolerationChange(after: Toleration[], before: Toleration[], errors: FieldError[]): void {
  const withoutTime = ({ key, operator, value, effect }: Toleration) => JSON.stringify([key, operator, value, effect]);
  const present = new Set(after.map(withoutTime));
  const kept = before.every((toleration) => present.has(withoutTime(toleration)));
  if (!kept)
    errors.push(
      forbiddenValue('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'),
    );
}

function validateGates(after: PodSpec, before: PodSpec, errors: FieldError[]): void {
  const old = new Set(before.schedulingGates?.map(({ name }) => name));
  (after.schedulingGates ?? []).forEach(({ name }, index) => {
    if (!old.has(name))
      errors.push(
        forbiddenValue(`spec.schedulingGates[${index}]`, 'only deletion is allowed, but found new scheduling gate'),
      );
  });
  if (!before.schedulingGates?.length) return;
  for (const [key, value] of Object.entries(before.nodeSelector ?? {}))
    if (after.nodeSelector?.[key] !== value)
      errors.push(invalidValue('spec.nodeSelector', after.nodeSelector, 'only additions are allowed to a gated pod'));
  validateNarrowing(after, before, errors);
}

const neededTerms = ({ affinity }: PodSpec) =>
  affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];

/** Who may change a gated pod may not send it where it could not go before. Source: validateNodeAffinityMutation. */
function validateNarrowing(after: PodSpec, before: PodSpec, errors: FieldError[]): void {
  const [now, then] = [neededTerms(after), neededTerms(before)];
  if (then.length === 0) return;
  const field = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms';
  if (now.length !== then.length) {
    errors.push(invalidValue(field, now, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'));
    return;
  }
  now.forEach((term, index) => {
    for (const list of ['matchExpressions', 'matchFields'] as const) {
      const kept = then[index]![list] ?? [];
      if (!sameValue((term[list] ?? []).slice(0, kept.length), kept))
        errors.push(invalidValue(`${field}[${index}]`, term, 'only additions are allowed (no mutations or deletions)'));
    }
  });
}

/** The ephemeralcontainers subresource: only adds to the list. Source: ValidatePodEphemeralContainersUpdate. */
export function validateEphemeralContainersUpdate(pod: Pod, old: Pod): FieldError[] {
  const errors = new ErrorList();
  if (pod.spec) validatePodSpec(pod.spec, 'spec', errors);
  const after = new Map(pod.spec?.ephemeralContainers?.map((container) => [container.name, container]));
  (old.spec?.ephemeralContainers ?? []).forEach((container: EphemeralContainer, index) => {
    const field = `spec.ephemeralContainers[${index}]`;
    const now = after.get(container.name);
    if (now === undefined)
      errors.push(
        forbiddenValue(field, `existing ephemeral containers ${JSON.stringify(container.name)} may not be removed`),
      );
    else if (!sameValue(now, container)) errors.push(immutable(field, container.name));
  });
  if (!sameValue({ ...pod.spec, ephemeralContainers: [] }, { ...old.spec, ephemeralContainers: [] }))
    errors.push(forbiddenValue('spec', 'only ephemeralContainers may be changed by this subresource'));
  return errors;
}

/** Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidatePodSpecificAnnotationUpdates. */
export function validateMirrorAnnotation(pod: Pod, old: Pod): FieldError[] {
  if (pod.metadata.annotations?.[mirrorAnnotation] === old.metadata.annotations?.[mirrorAnnotation]) return [];
  const field = `metadata.annotations[${mirrorAnnotation}]`;
  return [forbiddenValue(field, 'may not add, remove or update mirror pod annotation')];
}
