import { defineKind } from '../define.ts';
import { defaultPodTemplate } from '../pods/defaults.ts';
import type { CronJob } from '../schema/types.d.ts';
import { showSelector } from '../selectors.ts';
import { containerColumns, none, since } from '../table.ts';

export const cronJob = defineKind<CronJob>({
  group: 'batch',
  kind: 'CronJob',
  resource: 'cronjobs',
  shortNames: ['cj'],
  categories: ['all'],
  status: true,
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
    ...containerColumns<CronJob>(({ spec }) => spec?.jobTemplate.spec?.template.spec?.containers),
    {
      name: 'Selector',
      type: 'string',
      priority: 1,
      value: ({ spec }) => showSelector(spec?.jobTemplate.spec?.selector),
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
