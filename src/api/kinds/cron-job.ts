import { defineKind } from '../define.ts';
import { validateJobSpec } from '../jobs/spec.ts';
import { defaultPodTemplate } from '../pods/defaults.ts';
import type { CronJob } from '../schema/types.d.ts';
import { showSelector } from '../selectors.ts';
import type { FieldError } from '../status.ts';
import { containerColumns, none, since } from '../table.ts';
import { enumOf } from '../validation/enums.ts';
import { ErrorList, invalidValue, required } from '../validation/errors.ts';
import { dnsSubdomain, type NameCheck } from '../validation/names.ts';
import { validateSchedule } from '../validation/schedule.ts';
import { checkEnum, checkNotNegative } from '../validation/values.ts';
import { templateWarnings } from '../warnings/pods.ts';

const asJob = ({ metadata, spec }: CronJob) => ({ metadata, spec: spec?.jobTemplate?.spec });

/** The jobs' names are this one, a hyphen and ten digits: they must fit a label. */
const nameLengthMax = 52;

const cronJobName: NameCheck = (name) =>
  name.length > nameLengthMax ? `must be no more than ${nameLengthMax} characters` : dnsSubdomain(name);

export const cronJob = defineKind<CronJob>({
  group: 'batch',
  kind: 'CronJob',
  resource: 'cronjobs',
  warnings: (object, old) => templateWarnings(asJob(object), old && asJob(old), 'spec.jobTemplate.spec.template.'),
  shortNames: ['cj'],
  categories: ['all'],
  status: true,
  name: cronJobName,
  validate: validateCronJob,
  columns: [
    { name: 'Schedule', type: 'string', value: ({ spec }) => spec?.schedule },
    { name: 'Timezone', type: 'string', value: ({ spec }) => spec?.timeZone ?? none },
    { name: 'Suspend', type: 'boolean', value: ({ spec }) => (spec?.suspend ? 'True' : 'False') },
    { name: 'Active', type: 'integer', value: ({ status }) => status?.active?.length ?? 0 },
    {
      name: 'Last Schedule',
      type: 'string',
      value: ({ status }, nowMs) => (status?.lastScheduleTime ? since(status.lastScheduleTime, nowMs) : none),
    },
    ...containerColumns<CronJob>(({ spec }) => spec?.jobTemplate?.spec?.template?.spec?.containers),
    {
      name: 'Selector',
      type: 'string',
      priority: 1,
      value: ({ spec }) => showSelector(spec?.jobTemplate?.spec?.selector),
    },
  ],
  // Source: kubernetes/kubernetes pkg/apis/batch/v1/defaults.go, SetDefaults_CronJob.
  defaults({ spec }) {
    if (!spec) return;
    spec.concurrencyPolicy ||= 'Allow';
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    // The rest of the job's defaults are left to the job itself.
    defaultPodTemplate(spec.jobTemplate?.spec?.template);
  },
});

const concurrencies = enumOf(['Allow', 'Forbid', 'Replace'], 'batch.v1.CronJobSpec.concurrencyPolicy');

/** Source: kubernetes/kubernetes pkg/apis/batch/validation/validation.go, ValidateCronJobSpec. */
function validateCronJob({ spec }: CronJob): FieldError[] {
  const errors = new ErrorList();
  if (!spec?.schedule) errors.push(required('spec.schedule'));
  else {
    const wrong = validateSchedule(spec.schedule);
    if (wrong) errors.push(invalidValue('spec.schedule', spec.schedule, wrong));
    if (/TZ/.test(spec.schedule))
      errors.push(
        invalidValue(
          'spec.schedule',
          spec.schedule,
          'cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
        ),
      );
  }
  if (spec?.timeZone !== undefined && !isTimeZone(spec.timeZone))
    errors.push(invalidValue('spec.timeZone', spec.timeZone, `unknown time zone ${spec.timeZone}`));
  checkNotNegative(spec?.startingDeadlineSeconds, 'spec.startingDeadlineSeconds', errors);
  checkNotNegative(spec?.successfulJobsHistoryLimit, 'spec.successfulJobsHistoryLimit', errors);
  checkNotNegative(spec?.failedJobsHistoryLimit, 'spec.failedJobsHistoryLimit', errors);
  checkEnum(spec?.concurrencyPolicy, concurrencies, 'spec.concurrencyPolicy', errors);
  const job = spec?.jobTemplate?.spec;
  if (!job) errors.push(required('spec.jobTemplate.spec'));
  else validateJobSpec(job, 'spec.jobTemplate.spec', errors);
  if (job?.selector)
    errors.push(invalidValue('spec.jobTemplate.spec.selector', job.selector, '`selector` will be auto-generated'));
  if (job?.manualSelector) errors.push(invalidValue('spec.jobTemplate.spec.manualSelector', true, 'must not be set'));
  return errors;
}

function isTimeZone(name: string): boolean {
  if (name === '' || name === 'Local') return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
