import { defineKind } from '../define.ts';
import { defaultPodTemplate } from '../pods/defaults.ts';
import type { Deployment } from '../schema/types.d.ts';
import { showSelector } from '../selectors.ts';
import { containerColumns } from '../table.ts';

export const deployment = defineKind<Deployment>({
  group: 'apps',
  kind: 'Deployment',
  resource: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  status: true,
  scale: { specReplicas: '.spec.replicas', statusReplicas: '.status.replicas', labelSelector: '.status.selector' },
  columns: [
    {
      name: 'Ready',
      type: 'string',
      value: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    },
    { name: 'Up-to-date', type: 'integer', value: ({ status }) => status?.updatedReplicas ?? 0 },
    { name: 'Available', type: 'integer', value: ({ status }) => status?.availableReplicas ?? 0 },
    ...containerColumns<Deployment>(({ spec }) => spec?.template.spec?.containers),
    { name: 'Selector', type: 'string', priority: 1, value: ({ spec }) => showSelector(spec?.selector) },
  ],
  // Source: kubernetes/kubernetes pkg/apis/apps/v1/defaults.go, SetDefaults_Deployment.
  defaults({ spec }) {
    if (!spec) return;
    spec.replicas ??= 1;
    spec.strategy ??= {};
    spec.strategy.type ||= 'RollingUpdate';
    if (spec.strategy.type === 'RollingUpdate') {
      spec.strategy.rollingUpdate ??= {};
      spec.strategy.rollingUpdate.maxUnavailable ??= '25%';
      spec.strategy.rollingUpdate.maxSurge ??= '25%';
    }
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    defaultPodTemplate(spec.template);
  },
});
