import { rightCheck } from '../role-rights.ts';

export const readSecrets = rightCheck({
  id: 'rbac/read-secrets',
  severity: 'high',
  title: 'No role reads secrets',
  why: 'whoever reads a secret is whoever the secret belongs to; list and watch show the contents, too',
  mend: 'name the secrets that are needed in resourceNames with verb get, or mount them',
  benchmark: ['CIS 5.1.2', 'NSA authentication and authorization'],
  rights: [{ group: '', resource: 'secrets', verbs: ['get', 'list', 'watch'] }],
  namedIsFine: true,
});
