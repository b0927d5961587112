import { defineKind } from '../define.ts';
import { validateJob } from '../jobs/validate.ts';
import { defaultPodTemplate, takeTemplateLabels } from '../pods/defaults.ts';
import type { Job, JobSpec } from '../schema/types.d.ts';
import { conditionOf, humanDuration, templateColumns } from '../table.ts';
import { validateCounts } from '../validation/counts.ts';
import { workloadWarnings } from '../warnings/pods.ts';

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
  warnings: workloadWarnings,
  orphansDependents: true,
  categories: ['all'],
  status: true,
  validateStatus: ({ status }) => validateCounts(status),
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
