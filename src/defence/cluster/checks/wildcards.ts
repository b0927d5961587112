import type { PolicyRule } from '../../../api/rbac/rules.ts';
import { type Check, failOn } from '../../contract.ts';
import { roleKinds } from '../../snapshot/roles.ts';
import { exampleRole } from '../role-rights.ts';

export const wildcards: Check = {
  id: 'rbac/wildcards',
  level: 'cluster',
  severity: 'high',
  title: 'No role has wildcards',
  kinds: roleKinds,
  why: 'a wildcard gives what is there now and what will ever be added: new verbs, new subresources, new resources',
  mend: 'list the verbs and the resources that are used',
  benchmark: ['CIS 5.1.3', 'NSA authentication and authorization'],
  examples: {
    pass: [[exampleRole({})]],
    fail: [
      [exampleRole({ verbs: ['*'] })],
      [exampleRole({ resources: ['*'] })],
      [exampleRole({ apiGroups: ['*'] }, 'Role')],
      [{ ...exampleRole({}), rules: [{ verbs: ['get'], nonResourceURLs: ['/*'] }] }],
    ],
  },
  judge(object) {
    const rules = (object['rules'] ?? []) as PolicyRule[];
    return failOn(
      rules.flatMap((rule, index) =>
        (['apiGroups', 'resources', 'verbs', 'nonResourceURLs'] as const)
          .filter((key) => rule[key]?.some((value) => value === '*' || value === '/*'))
          .map((key) => ({ field: ['rules', index, key], reason: 'wildcard', detail: `${key} has "*"` })),
      ),
    );
  },
};
