import { defineKind } from '../define.ts';
import { defaultPodTemplate } from '../pods/defaults.ts';
import { validateWorkload } from '../pods/workloads.ts';
import type { ReplicaSet } from '../schema/types.d.ts';
import { showSelector } from '../selectors.ts';
import { containerColumns } from '../table.ts';

export const replicaSet = defineKind<ReplicaSet>({
  group: 'apps',
  kind: 'ReplicaSet',
  resource: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  status: true,
  scale: { specReplicas: '.spec.replicas', statusReplicas: '.status.replicas', labelSelector: '.spec.selector' },
  selectableFields: [['status.replicas', ({ status }) => String(status?.replicas ?? 0)]],
  columns: [
    { name: 'Desired', type: 'integer', value: ({ spec }) => spec?.replicas ?? 0 },
    { name: 'Current', type: 'integer', value: ({ status }) => status?.replicas ?? 0 },
    { name: 'Ready', type: 'integer', value: ({ status }) => status?.readyReplicas ?? 0 },
    ...containerColumns<ReplicaSet>(({ spec }) => spec?.template?.spec?.containers),
    { name: 'Selector', type: 'string', priority: 1, value: ({ spec }) => showSelector(spec?.selector) },
  ],
  defaults({ spec }) {
    if (!spec) return;
    spec.replicas ??= 1;
    defaultPodTemplate(spec.template);
  },
  validate: validateWorkload,
  prepareCreate(object) {
    object.status = { replicas: 0 };
  },
});
