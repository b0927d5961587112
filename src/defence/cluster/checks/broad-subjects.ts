import { type Check, failOn } from '../../contract.ts';
import { bindingKinds } from '../../snapshot/roles.ts';
import { exampleBinding } from '../role-rights.ts';

const broad: Record<string, string> = {
  'system:masters': 'passes every check of rights and cannot be limited or taken back',
  'system:anonymous': 'is whoever reaches the API, without credentials',
  'system:unauthenticated': 'is whoever reaches the API, without credentials',
  'system:authenticated': 'is every user and every ServiceAccount of every namespace',
  'system:serviceaccounts': 'is every pod of the cluster that has a token',
};
/** What Kubernetes itself binds to everybody: discovery, health and reviews of oneself. */
const harmless = new Set([
  ...['system:public-info-viewer', 'system:discovery', 'system:basic-user'],
  ...['system:service-account-issuer-discovery', 'system:monitoring'],
]);

export const broadSubjects: Check = {
  id: 'rbac/broad-subjects',
  level: 'cluster',
  severity: 'critical',
  title: 'No binding is for everybody',
  kinds: bindingKinds,
  why: 'rights of these groups are rights of people and pods that nobody chose',
  mend: 'name the users, the groups or the ServiceAccounts that need it',
  benchmark: ['CIS 5.1.7', 'NSA authentication and authorization'],
  examples: {
    pass: [
      [exampleBinding({ kind: 'Group', name: 'readers' })],
      [exampleBinding({ kind: 'Group', name: 'system:authenticated' }, 'system:discovery')],
    ],
    fail: Object.keys(broad).map((name) => [
      exampleBinding({ kind: name === 'system:anonymous' ? 'User' : 'Group', name }),
    ]),
  },
  judge({ roleRef, subjects }) {
    if (harmless.has(roleRef?.name)) return failOn([]);
    return failOn(
      ((subjects ?? []) as Record<string, string>[]).flatMap(({ kind, name = '' }, index) =>
        kind !== 'ServiceAccount' && Object.hasOwn(broad, name)
          ? [{ field: ['subjects', index], reason: 'bound to everybody', detail: `${name} ${broad[name]}` }]
          : [],
      ),
    );
  },
};
