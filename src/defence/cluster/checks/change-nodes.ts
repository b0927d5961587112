import { rightCheck } from '../role-rights.ts';

export const changeNodes = rightCheck({
  id: 'rbac/change-nodes',
  severity: 'medium',
  title: 'No role changes nodes',
  why: 'labels, taints and the status of nodes decide where pods run: they can be lured to a machine, or driven from all',
  mend: 'leave nodes to their agents and to controllers; let an administrator label and drain them',
  benchmark: ['NSA authentication and authorization'],
  rights: [
    { group: '', resource: 'nodes', verbs: ['update', 'patch', 'delete'] },
    { group: '', resource: 'nodes/status', verbs: ['update', 'patch'] },
  ],
  clusterOnly: true,
  namedIsFine: true,
});
