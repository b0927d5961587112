import { type Check, failOn, pass } from '../../contract.ts';
import { bindingKinds } from '../../snapshot/roles.ts';
import { exampleBinding } from '../role-rights.ts';

export const clusterAdmin: Check = {
  id: 'rbac/cluster-admin',
  level: 'cluster',
  severity: 'critical',
  title: 'Nobody is bound to cluster-admin',
  kinds: bindingKinds,
  why: 'cluster-admin may do everything, and so may whoever takes one of its subjects',
  mend: 'bind a role that lists what is used; keep one administrator for emergencies',
  benchmark: ['CIS 5.1.1', 'NSA authentication and authorization'],
  examples: {
    pass: [[exampleBinding({ kind: 'Group', name: 'readers' })]],
    fail: [
      [exampleBinding({ kind: 'ServiceAccount', namespace: 'shop', name: 'api' }, 'cluster-admin')],
      [exampleBinding({ kind: 'User', name: 'eve' }, 'cluster-admin', 'RoleBinding')],
    ],
  },
  judge({ kind, roleRef, subjects }) {
    if (roleRef?.kind !== 'ClusterRole' || roleRef.name !== 'cluster-admin') return pass;
    const findings = ((subjects ?? []) as Record<string, string>[]).map((subject, index) => ({
      field: ['subjects', index],
      reason: 'bound to cluster-admin',
      detail: `${subject['kind']} ${subject['name']} may do everything${kind === 'RoleBinding' ? ' in the namespace' : ''}`,
      ...(kind === 'RoleBinding' ? { severity: 'high' as const } : {}),
    }));
    return failOn(findings);
  },
};
