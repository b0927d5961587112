import type { Job, JobSpec, PodSpec } from '../schema/types.d.ts';
import { matchesSelector } from '../selectors.ts';
import type { FieldError } from '../status.ts';
import { ErrorList, immutable, invalidValue, required } from '../validation/errors.ts';
import { dnsLabel } from '../validation/names.ts';
import { sameValue } from '../validation/values.ts';
import { validateJobSpec } from './spec.ts';

/** Source: kubernetes/kubernetes pkg/apis/batch/validation/validation.go, ValidateJob. */
export function validateJob({ metadata, spec }: Job, old: Job | undefined): FieldError[] {
  const errors = new ErrorList();
  if (!spec) return [required('spec')];
  validateJobSpec(spec, 'spec', errors);
  const labels = spec.template?.metadata?.labels;
  if (!spec.selector) errors.push(required('spec.selector'));
  if (!matchesSelector(spec.selector, labels))
    errors.push(
      invalidValue('spec.template.metadata.labels', labels ?? {}, '`selector` does not match template `labels`'),
    );
  if (old?.spec) errors.push(...validateJobUpdate(spec, old.spec, old));
  // The last of the pods of an indexed job has the longest name.
  if (!old && spec.completionMode === 'Indexed' && (spec.completions ?? 0) > 0)
    validatePodName(metadata.name, spec, errors);
  return errors;
}

function validatePodName(name: string, { completions = 0 }: JobSpec, errors: FieldError[]): void {
  const podName = `${name}-${completions - 1}`;
  if (dnsLabel(podName))
    errors.push(invalidValue('metadata.name', name, `will not able to create pod with invalid DNS label: ${podName}`));
}

const fixedFields = [
  'selector',
  'completionMode',
  'podFailurePolicy',
  'backoffLimitPerIndex',
  'managedBy',
  'successPolicy',
] as const;

function validateJobUpdate(spec: JobSpec, old: JobSpec, job: Job): FieldError[] {
  const errors = new ErrorList();
  for (const name of fixedFields)
    if (!sameValue(spec[name], old[name])) errors.push(immutable(`spec.${name}`, spec[name] ?? null));
  // An indexed job may be scaled; all others run the number they were made for.
  const isElastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  if (!isElastic && !sameValue(spec.completions, old.completions))
    errors.push(immutable('spec.completions', spec.completions ?? null));
  if (sameValue(spec.template, old.template)) return errors;
  const isWaiting = old.suspend && !job.status?.startTime;
  if (!isWaiting) errors.push(immutable('spec.template', '…'));
  else if (!sameValue(lasting(spec.template?.spec), lasting(old.template?.spec)))
    errors.push(invalidValue('spec.template.spec', '…', 'only resources and scheduling directives may change'));
  return errors;
}

/** Of the pods of a suspended job: all but where they may run and what they ask for, which somebody who queues jobs decides. */
function lasting(spec: PodSpec = { containers: [] }) {
  const { affinity = {}, nodeSelector: _, tolerations: __, schedulingGates: ___, ...kept } = spec;
  const { nodeAffinity: ____, ...others } = affinity;
  const asked = (containers: PodSpec['containers'] | undefined) =>
    containers?.map(({ resources: _, ...container }) => container);
  const { containers, initContainers } = spec;
  return { ...kept, affinity: others, containers: asked(containers), initContainers: asked(initContainers) };
}
