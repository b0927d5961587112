import type { ColumnOf } from '../define.ts';
import type { ScalePaths } from '../kind.ts';

/** What kinds share that keep a number of pods alike, as far as their tables and `kubectl scale` ask. */
type Replicated = { spec?: { replicas?: number }; status?: { replicas?: number; readyReplicas?: number } };

export const replicaScale: ScalePaths = {
  specReplicas: '.spec.replicas',
  statusReplicas: '.status.replicas',
  labelSelector: '.spec.selector',
};

/** `2/3`: Deployments and StatefulSets. */
export const readyOfWanted: ColumnOf<Replicated> = {
  name: 'Ready',
  type: 'string',
  value: ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
};

/** ReplicaSets and ReplicationControllers. */
export const replicaColumns: ColumnOf<Replicated>[] = [
  { name: 'Desired', type: 'integer', value: ({ spec }) => spec?.replicas ?? 0 },
  { name: 'Current', type: 'integer', value: ({ status }) => status?.replicas ?? 0 },
  { name: 'Ready', type: 'integer', value: ({ status }) => status?.readyReplicas ?? 0 },
];

export const statusReplicas: [string, (object: Replicated) => string] = [
  'status.replicas',
  ({ status }) => String(status?.replicas ?? 0),
];
