import { defineKind } from '../define.ts';
import type { PodDisruptionBudget } from '../schema/types.d.ts';

export const podDisruptionBudget = defineKind<PodDisruptionBudget>({
  group: 'policy',
  kind: 'PodDisruptionBudget',
  resource: 'poddisruptionbudgets',
  shortNames: ['pdb'],
  status: true,
  columns: [
    { name: 'Min Available', type: 'string', value: ({ spec }) => String(spec?.minAvailable ?? 'N/A') },
    { name: 'Max Unavailable', type: 'string', value: ({ spec }) => String(spec?.maxUnavailable ?? 'N/A') },
    { name: 'Allowed Disruptions', type: 'integer', value: ({ status }) => status?.disruptionsAllowed ?? 0 },
  ],
});
