import { defineKind } from '../define.ts';
import { defaultPodTemplate } from '../pods/defaults.ts';
import { replicaColumns, replicaScale, statusReplicas } from '../pods/replicated.ts';
import { validateWorkload } from '../pods/workloads.ts';
import type { ReplicaSet } from '../schema/types.d.ts';
import { templateColumns } from '../table.ts';
import { validateReplicas } from '../validation/counts.ts';
import { workloadWarnings } from '../warnings/pods.ts';

export const replicaSet = defineKind<ReplicaSet>({
  group: 'apps',
  kind: 'ReplicaSet',
  resource: 'replicasets',
  warnings: workloadWarnings,
  shortNames: ['rs'],
  categories: ['all'],
  status: true,
  validateStatus: ({ status }) => validateReplicas(status),
  scale: replicaScale,
  selectableFields: [statusReplicas],
  columns: [...replicaColumns, ...templateColumns],
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
