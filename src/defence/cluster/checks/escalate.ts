import { rightCheck } from '../role-rights.ts';

/** Constrained impersonation asks in the group in which the users are. */
const authentication = 'authentication.k8s.io';

export const escalate = rightCheck({
  id: 'rbac/escalate',
  severity: 'critical',
  title: 'No role escalates, binds or impersonates',
  why: 'these three verbs step over the rule that nobody hands out more than he has',
  mend: 'remove the verbs; let an administrator make roles and bindings',
  benchmark: ['CIS 5.1.8', 'NSA authentication and authorization'],
  rights: [
    { group: 'rbac.authorization.k8s.io', resource: 'clusterroles', verbs: ['escalate', 'bind'] },
    { group: 'rbac.authorization.k8s.io', resource: 'roles', verbs: ['escalate', 'bind'] },
    { group: '', resource: 'users', verbs: ['impersonate'] },
    { group: '', resource: 'groups', verbs: ['impersonate'] },
    { group: '', resource: 'serviceaccounts', verbs: ['impersonate'] },
    { group: authentication, resource: 'users', verbs: ['impersonate:user-info'], constrained: true },
    { group: authentication, resource: 'groups', verbs: ['impersonate:user-info'], constrained: true },
    { group: authentication, resource: 'serviceaccounts', verbs: ['impersonate:serviceaccount'], constrained: true },
    { group: authentication, resource: 'nodes', verbs: ['impersonate:arbitrary-node'], constrained: true },
  ],
});
