import { rightCheck } from '../role-rights.ts';

export const createTokens = rightCheck({
  id: 'rbac/create-tokens',
  severity: 'high',
  title: 'No role creates ServiceAccount tokens',
  why: 'with it, every ServiceAccount of the namespace, or of the cluster, can be taken',
  mend: 'name the ServiceAccounts in resourceNames',
  benchmark: ['CIS 5.1.13', 'NSA authentication and authorization'],
  rights: [{ group: '', resource: 'serviceaccounts/token', verbs: ['create'] }],
  namedIsFine: true,
});
