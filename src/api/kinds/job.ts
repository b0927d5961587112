import { defineKind } from '../define.ts';
import { defaultPodTemplate, takeTemplateLabels } from '../pods/defaults.ts';
import { validatePodTemplate } from '../pods/validate.ts';
import type { Job, JobSpec } from '../schema/types.d.ts';
import { matchesSelector } from '../selectors.ts';
import type { FieldError } from '../status.ts';
import { conditionOf, humanDuration, templateColumns } from '../table.ts';
import { forbiddenValue, immutable, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateSelector } from '../validation/selectors.ts';
import { checkEnum, checkNotNegative, checkOptionalEnum, sameValue } from '../validation/values.ts';

const isTrue = (job: Job, type: string) => conditionOf(job, type)?.status === 'True';

/** Source: kubernetes/kubernetes pkg/printers/internalversion/printers.go, printJob. */
function state(job: Job): string {
  if (isTrue(job, 'Complete')) return 'Complete';
  if (isTrue(job, 'Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp) return 'Terminating';
  if (isTrue(job, 'Suspended')) return 'Suspended';
  if (isTrue(job, 'FailureTarget')) return 'FailureTarget';
  return isTrue(job, 'SuccessCriteriaMet') ? 'SuccessCriteriaMet' : 'Running';
}

function completions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function duration({ status }: Job, nowMs: number): string {
  if (!status?.startTime) return '';
  const endMs = status.completionTime ? Date.parse(status.completionTime) : nowMs;
  return humanDuration(endMs - Date.parse(status.startTime));
}

/** Source: kubernetes/kubernetes pkg/apis/batch/v1/defaults.go, SetDefaults_Job. */
function defaultJobSpec(spec: JobSpec): void {
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  if (spec.backoffLimitPerIndex === undefined) spec.backoffLimit ??= 6;
  else spec.backoffLimit ??= 2 ** 31 - 1;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
  spec.manualSelector ??= false;
  for (const rule of spec.podFailurePolicy?.rules ?? [])
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
  defaultPodTemplate(spec.template);
}

export const job = defineKind<Job>({
  group: 'batch',
  kind: 'Job',
  resource: 'jobs',
  orphansDependents: true,
  categories: ['all'],
  status: true,
  selectableFields: [['status.successful', ({ status }) => String(status?.succeeded ?? 0)]],
  columns: [
    { name: 'Status', type: 'string', value: state },
    { name: 'Completions', type: 'string', value: completions },
    { name: 'Duration', type: 'string', value: duration },
    ...templateColumns,
  ],
  defaults(object) {
    if (object.spec) defaultJobSpec(object.spec);
    takeTemplateLabels(object);
  },
  prepareCreate: generateSelector,
  validate: validateJob,
});

/**
 * A job selects its own pods by its uid, so that no two jobs fight over one; who sets manualSelector knows better.
 * Source: kubernetes/kubernetes pkg/registry/batch/job/strategy.go, generateSelector.
 */
function generateSelector({ metadata, spec }: Job): void {
  if (!spec?.template || spec.manualSelector || !metadata.uid || !metadata.name) return;
  const labels = {
    'batch.kubernetes.io/controller-uid': metadata.uid,
    'batch.kubernetes.io/job-name': metadata.name,
    'controller-uid': metadata.uid,
    'job-name': metadata.name,
  };
  spec.template.metadata = { ...spec.template.metadata, labels: { ...spec.template.metadata?.labels, ...labels } };
  spec.selector ??= {};
  spec.selector.matchLabels = {
    ...spec.selector.matchLabels,
    'batch.kubernetes.io/controller-uid': metadata.uid,
  };
}

const parallelismMax = 100_000;

/** Source: kubernetes/kubernetes pkg/apis/batch/validation/validation.go, ValidateJob. */
function validateJob({ spec }: Job, old: Job | undefined): FieldError[] {
  const errors: FieldError[] = [];
  if (!spec) return [required('spec')];
  validateJobSpec(spec, 'spec', errors);
  const labels = spec.template?.metadata?.labels;
  // Before the server has made the selector there is nothing to compare.
  if (spec.selector && !matchesSelector(spec.selector, labels))
    errors.push(
      invalidValue('spec.template.metadata.labels', labels ?? {}, '`selector` does not match template `labels`'),
    );
  if (old?.spec) errors.push(...validateJobUpdate(spec, old.spec, old));
  return errors;
}

const counts = ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit'] as const;

export function validateJobSpec(spec: JobSpec, field: string, errors: FieldError[]): void {
  for (const name of counts) checkNotNegative(spec[name], `${field}.${name}`, errors);
  checkNotNegative(spec.ttlSecondsAfterFinished, `${field}.ttlSecondsAfterFinished`, errors);
  checkNotNegative(spec.backoffLimitPerIndex, `${field}.backoffLimitPerIndex`, errors);
  checkNotNegative(spec.maxFailedIndexes, `${field}.maxFailedIndexes`, errors);
  checkOptionalEnum(spec.completionMode, ['Indexed', 'NonIndexed'], `${field}.completionMode`, errors);
  if (spec.completionMode === 'Indexed') {
    if (spec.completions === undefined)
      errors.push(required(`${field}.completions`, 'when completion mode is Indexed'));
    if ((spec.parallelism ?? 0) > parallelismMax)
      errors.push(
        invalidValue(
          `${field}.parallelism`,
          spec.parallelism,
          `must be less than or equal to ${parallelismMax} when completion mode is Indexed`,
        ),
      );
  } else if (spec.backoffLimitPerIndex !== undefined)
    errors.push(
      invalidValue(`${field}.backoffLimitPerIndex`, spec.backoffLimitPerIndex, 'requires indexed completion mode'),
    );
  checkOptionalEnum(
    spec.podReplacementPolicy,
    ['Failed', 'TerminatingOrFailed'],
    `${field}.podReplacementPolicy`,
    errors,
  );
  validateSelector(spec.selector, `${field}.selector`, errors);
  validatePodTemplate(spec.template, `${field}.template`, errors);
  const restart = spec.template?.spec?.restartPolicy;
  if (restart !== undefined && restart !== 'OnFailure' && restart !== 'Never')
    errors.push(notSupported(`${field}.template.spec.restartPolicy`, restart, ['OnFailure', 'Never']));
  if (spec.podFailurePolicy && restart !== 'Never')
    errors.push(
      invalidValue(
        `${field}.template.spec.restartPolicy`,
        restart,
        'only "Never" is supported when podFailurePolicy is specified',
      ),
    );
  validateFailurePolicy(spec, `${field}.podFailurePolicy.rules`, errors);
}

function validateFailurePolicy({ podFailurePolicy }: JobSpec, field: string, errors: FieldError[]): void {
  (podFailurePolicy?.rules ?? []).forEach(({ action, onExitCodes, onPodConditions }, index) => {
    const at = `${field}[${index}]`;
    checkEnum(action, ['Count', 'FailIndex', 'FailJob', 'Ignore'], `${at}.action`, errors);
    if (!onExitCodes === !onPodConditions?.length)
      errors.push(invalidValue(at, '', 'specifying one of OnExitCodes and OnPodConditions is required, not both'));
    if (!onExitCodes) return;
    checkEnum(onExitCodes.operator, ['In', 'NotIn'], `${at}.onExitCodes.operator`, errors);
    if (!onExitCodes.values?.length)
      errors.push(invalidValue(`${at}.onExitCodes.values`, [], 'at least one value is required'));
    if (onExitCodes.operator === 'In' && onExitCodes.values?.includes(0))
      errors.push(invalidValue(`${at}.onExitCodes.values`, 0, 'must not be 0 for the In operator'));
  });
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
  const errors: FieldError[] = [];
  for (const name of fixedFields)
    if (!sameValue(spec[name], old[name])) errors.push(immutable(`spec.${name}`, spec[name] ?? null));
  // An indexed job may be scaled; all others run the number they were made for.
  const isElastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  if (!isElastic && !sameValue(spec.completions, old.completions))
    errors.push(immutable('spec.completions', spec.completions ?? null));
  const mayMove = old.suspend && !job.status?.startTime;
  if (!mayMove && !sameValue(spec.template, old.template)) errors.push(immutable('spec.template', '…'));
  if (
    mayMove &&
    !sameValue(
      spec.template?.spec?.containers?.map(({ image }) => image),
      old.template?.spec?.containers?.map(({ image }) => image),
    )
  )
    errors.push(forbiddenValue('spec.template', 'only scheduling directives of a suspended job may change'));
  return errors;
}
