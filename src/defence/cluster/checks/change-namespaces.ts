import { rightCheck } from '../role-rights.ts';

export const changeNamespaces = rightCheck({
  id: 'rbac/change-namespaces',
  severity: 'high',
  title: 'No role changes namespaces',
  why: 'labels of the namespace switch Pod Security and isolation off',
  mend: 'let an administrator label namespaces',
  benchmark: ['CIS 5.2.1', 'NSA authentication and authorization'],
  rights: [{ group: '', resource: 'namespaces', verbs: ['update', 'patch'] }],
  clusterOnly: true,
});
