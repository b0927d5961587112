import { makingPods, rightCheck } from '../role-rights.ts';

export const createPods = rightCheck({
  id: 'rbac/create-pods',
  severity: 'medium',
  title: 'No role creates pods or changes what they run',
  why: 'a pod may mount every secret and use every ServiceAccount of its namespace, whatever object it is made from',
  mend: 'give it in namespaces that hold nothing else: their secrets and ServiceAccounts are given with it',
  benchmark: ['CIS 5.1.4', 'NSA authentication and authorization'],
  rights: makingPods,
});
