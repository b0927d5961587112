import { defineKind } from '../define.ts';
import { defaultPodTemplate, takeTemplateLabels } from '../pods/defaults.ts';
import type { ReplicationController } from '../schema/types.d.ts';
import { containerColumns, showLabels } from '../table.ts';

export const replicationController = defineKind<ReplicationController>({
  kind: 'ReplicationController',
  resource: 'replicationcontrollers',
  shortNames: ['rc'],
  categories: ['all'],
  status: true,
  scale: { specReplicas: '.spec.replicas', statusReplicas: '.status.replicas', labelSelector: '.spec.selector' },
  selectableFields: [['status.replicas', ({ status }) => String(status?.replicas ?? 0)]],
  columns: [
    { name: 'Desired', type: 'integer', value: ({ spec }) => spec?.replicas ?? 0 },
    { name: 'Current', type: 'integer', value: ({ status }) => status?.replicas ?? 0 },
    { name: 'Ready', type: 'integer', value: ({ status }) => status?.readyReplicas ?? 0 },
    ...containerColumns<ReplicationController>(({ spec }) => spec?.template?.spec?.containers),
    { name: 'Selector', type: 'string', priority: 1, value: ({ spec }) => showLabels(spec?.selector) },
  ],
  defaults(object) {
    const { spec } = object;
    if (!spec) return;
    spec.replicas ??= 1;
    const labels = spec.template?.metadata?.labels;
    if (labels && Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels };
    takeTemplateLabels(object);
    defaultPodTemplate(spec.template);
  },
  prepareCreate(object) {
    object.status = { replicas: 0 };
  },
});
