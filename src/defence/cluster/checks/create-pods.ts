import { rightCheck } from '../role-rights.ts';

export const createPods = rightCheck({
  id: 'rbac/create-pods',
  severity: 'medium',
  title: 'No role creates pods',
  why: 'a pod may mount every secret and use every ServiceAccount of its namespace',
  mend: 'let a controller of its own make the pods; give people Deployments in namespaces of their own',
  benchmark: ['CIS 5.1.4', 'NSA authentication and authorization'],
  rights: [{ group: '', resource: 'pods', verbs: ['create'] }],
});
