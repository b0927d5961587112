import { defineKind } from '../define.ts';
import { defaultPodTemplate } from '../pods/defaults.ts';
import type { DaemonSet } from '../schema/types.d.ts';
import { showSelector } from '../selectors.ts';
import { containerColumns, showLabels } from '../table.ts';

export const daemonSet = defineKind<DaemonSet>({
  group: 'apps',
  kind: 'DaemonSet',
  resource: 'daemonsets',
  shortNames: ['ds'],
  categories: ['all'],
  status: true,
  columns: [
    { name: 'Desired', type: 'integer', value: ({ status }) => status?.desiredNumberScheduled ?? 0 },
    { name: 'Current', type: 'integer', value: ({ status }) => status?.currentNumberScheduled ?? 0 },
    { name: 'Ready', type: 'integer', value: ({ status }) => status?.numberReady ?? 0 },
    { name: 'Up-to-date', type: 'integer', value: ({ status }) => status?.updatedNumberScheduled ?? 0 },
    { name: 'Available', type: 'integer', value: ({ status }) => status?.numberAvailable ?? 0 },
    {
      name: 'Node Selector',
      type: 'string',
      value: ({ spec }) => showLabels(spec?.template.spec?.nodeSelector),
    },
    ...containerColumns<DaemonSet>(({ spec }) => spec?.template.spec?.containers),
    { name: 'Selector', type: 'string', priority: 1, value: ({ spec }) => showSelector(spec?.selector) },
  ],
  // Source: kubernetes/kubernetes pkg/apis/apps/v1/defaults.go, SetDefaults_DaemonSet.
  defaults({ spec }) {
    if (!spec) return;
    spec.updateStrategy ??= {};
    spec.updateStrategy.type ||= 'RollingUpdate';
    if (spec.updateStrategy.type === 'RollingUpdate') {
      spec.updateStrategy.rollingUpdate ??= {};
      spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
      spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
    }
    spec.revisionHistoryLimit ??= 10;
    defaultPodTemplate(spec.template);
  },
  prepareCreate(object) {
    object.status = { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 };
  },
});
