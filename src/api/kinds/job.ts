import { defineKind } from '../define.ts';
import { defaultPodTemplate, takeTemplateLabels } from '../pods/defaults.ts';
import { validatePodTemplate } from '../pods/validate.ts';
import type { Job, JobSpec, PodSpec } from '../schema/types.d.ts';
import { matchesSelector } from '../selectors.ts';
import type { FieldError } from '../status.ts';
import { conditionOf, humanDuration, templateColumns } from '../table.ts';
import { validateCounts } from '../validation/counts.ts';
import { ErrorList, immutable, invalidValue, notSupported, required, tooLong, tooMany } from '../validation/errors.ts';
import { dnsLabel, dnsSubdomain, qualifiedName } from '../validation/names.ts';
import { validateSelector } from '../validation/selectors.ts';
import {
  checkEnum,
  checkNotNegative,
  checkOptionalEnum,
  checkOptionalName,
  checkUnique,
  sameValue,
} from '../validation/values.ts';

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

const parallelismMax = 100_000;
const failedIndexesMax = 100_000;

/** Source: kubernetes/kubernetes pkg/apis/batch/validation/validation.go, ValidateJob. */
function validateJob({ metadata, spec }: Job, old: Job | undefined): FieldError[] {
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

const counts = ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit'] as const;

export function validateJobSpec(spec: JobSpec, field: string, errors: FieldError[]): void {
  for (const name of counts) checkNotNegative(spec[name], `${field}.${name}`, errors);
  checkNotNegative(spec.ttlSecondsAfterFinished, `${field}.ttlSecondsAfterFinished`, errors);
  checkNotNegative(spec.backoffLimitPerIndex, `${field}.backoffLimitPerIndex`, errors);
  checkNotNegative(spec.maxFailedIndexes, `${field}.maxFailedIndexes`, errors);
  validateIndexes(spec, field, errors);
  if (spec.managedBy !== undefined) validateManager(spec.managedBy, `${field}.managedBy`, errors);
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
  } else
    for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy'] as const)
      if (spec[name] !== undefined)
        errors.push(invalidValue(`${field}.${name}`, spec[name], 'requires indexed completion mode'));
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
  if (spec.successPolicy && spec.completionMode === 'Indexed')
    validateSuccessPolicy(spec, `${field}.successPolicy.rules`, errors);
}

function validateIndexes(spec: JobSpec, field: string, errors: FieldError[]): void {
  const { maxFailedIndexes: failed, backoffLimitPerIndex, completions } = spec;
  if (failed === undefined) return;
  if (backoffLimitPerIndex === undefined)
    errors.push(required(`${field}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  if (completions !== undefined && failed > completions)
    errors.push(invalidValue(`${field}.maxFailedIndexes`, failed, 'must be less than or equal to completions'));
  if (failed > failedIndexesMax)
    errors.push(invalidValue(`${field}.maxFailedIndexes`, failed, `must be less than or equal to ${failedIndexesMax}`));
}

const managerLengthMax = 63;

function validateManager(name: string, field: string, errors: FieldError[]): void {
  const [domain = '', ...path] = name.split('/');
  if (name === '') errors.push(required(field));
  else if (path.join('/') === '' || dnsSubdomain(domain))
    errors.push(invalidValue(field, name, 'must be a domain-prefixed path (such as "acme.io/foo")'));
  if (name.length > managerLengthMax) errors.push(tooLong(field, managerLengthMax));
}

const successRulesMax = 20;

/** Source: kubernetes/kubernetes pkg/apis/batch/validation/validation.go, validateSuccessPolicy. */
function validateSuccessPolicy({ successPolicy, completions = 0 }: JobSpec, field: string, errors: FieldError[]): void {
  const rules = successPolicy?.rules ?? [];
  if (rules.length === 0)
    errors.push(required(field, 'at least one rules must be specified when the successPolicy is specified'));
  if (rules.length > successRulesMax) errors.push(tooMany(field, rules.length, successRulesMax));
  rules.forEach(({ succeededCount, succeededIndexes }, index) => {
    const at = `${field}[${index}]`;
    if (succeededCount === undefined && succeededIndexes === undefined)
      errors.push(required(at, 'at least one of succeededCount or succeededIndexes must be specified'));
    checkNotNegative(succeededCount, `${at}.succeededCount`, errors);
    const named = succeededIndexes === undefined ? undefined : countIndexes(succeededIndexes, completions);
    if (typeof named === 'string')
      errors.push(invalidValue(`${at}.succeededIndexes`, succeededIndexes, `error parsing succeededIndexes: ${named}`));
    if (succeededCount === undefined) return;
    const most = typeof named === 'number' ? named : completions;
    const what = typeof named === 'number' ? 'the number of indexes in the specified succeededIndexes field' : '';
    if (succeededCount > most)
      errors.push(
        invalidValue(
          `${at}.succeededCount`,
          succeededCount,
          `must be less than or equal to ${most} (${what || 'the number of specified completions'})`,
        ),
      );
  });
}

/** How many of `0-2,5` there are, in order and below `count`; or what is wrong. */
function countIndexes(text: string, count: number): number | string {
  let total = 0;
  let last = -1;
  for (const part of text === '' ? [] : text.split(',')) {
    const [first = '', end = first, ...more] = part.split('-');
    if (more.length > 0) return `invalid index or interval: "${part}"`;
    for (const number of [first, end])
      if (!/^\d{1,9}$/.test(number)) return `cannot convert string to integer for index: "${number}"`;
    for (const number of [first, end]) if (Number(number) >= count) return `too large index: "${number}"`;
    if (Number(first) <= last || Number(end) < Number(first))
      return `non-increasing order, previous: ${last}, current: ${first}`;
    total += Number(end) - Number(first) + 1;
    last = Number(end);
  }
  return total;
}

const conditionStatuses = ['False', 'True', 'Unknown'];

function validateFailurePolicy({ podFailurePolicy, template }: JobSpec, field: string, errors: FieldError[]): void {
  const { containers = [], initContainers = [] } = template?.spec ?? {};
  const names = new Set([...containers, ...initContainers].map(({ name }) => name));
  (podFailurePolicy?.rules ?? []).forEach(({ action, onExitCodes, onPodConditions }, index) => {
    const at = `${field}[${index}]`;
    checkEnum(action, ['Count', 'FailIndex', 'FailJob', 'Ignore'], `${at}.action`, errors);
    if (!onExitCodes === !onPodConditions?.length)
      errors.push(invalidValue(at, '', 'specifying one of OnExitCodes and OnPodConditions is required, not both'));
    (onPodConditions ?? []).forEach(({ type, status }, position) => {
      const condition = `${at}.onPodConditions[${position}]`;
      checkOptionalName(type ?? '', qualifiedName, `${condition}.type`, errors);
      checkEnum(status, conditionStatuses, `${condition}.status`, errors);
    });
    if (!onExitCodes) return;
    if (onExitCodes.containerName !== undefined && !names.has(onExitCodes.containerName))
      errors.push(
        invalidValue(
          `${at}.onExitCodes.containerName`,
          onExitCodes.containerName,
          'must be one of the container or initContainer names in the pod template',
        ),
      );
    const codes = onExitCodes.values ?? [];
    checkUnique(codes, (position) => `${at}.onExitCodes.values[${position}]`, errors);
    if (codes.some((code, position) => position > 0 && code < codes[position - 1]!))
      errors.push(invalidValue(`${at}.onExitCodes.values`, codes, 'must be ordered'));
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
