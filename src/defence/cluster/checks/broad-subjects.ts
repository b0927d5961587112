import { mastersGroup } from '../../../api/rbac/identity.ts';
import type { PolicyRule } from '../../../api/rbac/rules.ts';
import { type Check, failOn, type JudgeContext, type Manifest } from '../../contract.ts';
import { bindingKinds } from '../../snapshot/roles.ts';
import { type Everybody, isMeantFor } from '../public-rules.ts';
import { exampleBinding, exampleRole } from '../role-rights.ts';

const broad: Record<string, string> = {
  'system:masters': 'passes every check of rights and cannot be limited or taken back',
  'system:anonymous': 'is whoever reaches the API, without credentials',
  'system:unauthenticated': 'is whoever reaches the API, without credentials',
  'system:authenticated': 'is every user and every ServiceAccount of every namespace',
  'system:serviceaccounts': 'is every pod of the cluster that has a token',
};
/** What Kubernetes itself binds to everybody, as far as only its name is known: discovery and reviews of oneself. */
const shipped = new Set([
  ...['system:public-info-viewer', 'system:discovery', 'system:basic-user'],
  'system:service-account-issuer-discovery',
]);
const withoutCredentials = new Set(['system:anonymous', 'system:unauthenticated']);

export const broadSubjects: Check = {
  id: 'rbac/broad-subjects',
  level: 'cluster',
  severity: 'critical',
  title: 'No binding is for everybody',
  kinds: bindingKinds,
  why: 'rights of these groups are rights of people and pods that nobody chose',
  mend: 'name the users, the groups or the ServiceAccounts that need it',
  benchmark: ['NSA authentication and authorization'],
  examples: {
    pass: [
      [exampleBinding({ kind: 'Group', name: 'readers' })],
      [exampleBinding({ kind: 'Group', name: 'system:authenticated' }, 'system:discovery')],
      [
        exampleBinding({ kind: 'Group', name: 'system:authenticated' }, 'example'),
        exampleRole({
          apiGroups: ['authorization.k8s.io'],
          resources: ['selfsubjectaccessreviews'],
          verbs: ['create'],
        }),
      ],
    ],
    fail: [
      ...Object.keys(broad).map((name) => [
        exampleBinding({ kind: name === 'system:anonymous' ? 'User' : 'Group', name }),
      ]),
      [exampleBinding({ kind: 'Group', name: 'system:authenticated' }, 'example'), exampleRole({})],
    ],
  },
  judge(object, context) {
    const subjects = (object['subjects'] ?? []) as Record<string, string>[];
    return failOn(
      subjects.flatMap(({ kind, name = '' }, index) =>
        kind !== 'ServiceAccount' && Object.hasOwn(broad, name) && !isMeant(object, name, context)
          ? [{ field: ['subjects', index], reason: 'bound to everybody', detail: `${name} ${broad[name]}` }]
          : [],
      ),
    );
  },
};

/** Does the role give nothing but what is meant for everybody? A role that nobody sees may give anything. */
function isMeant({ roleRef, metadata }: Manifest, name: string, context: JudgeContext): boolean {
  if (name === mastersGroup) return false;
  const [at, kind] = [metadata.namespace ?? '', String(roleRef?.kind)];
  const namespace = kind === 'Role' ? at : '';
  const role = context.get({ kind: `${kind}.rbac.authorization.k8s.io`, namespace, name: String(roleRef?.name) });
  if (role === undefined) return shipped.has(roleRef?.name);
  const who: Everybody = withoutCredentials.has(name) ? 'anybody' : 'authenticated';
  return ((role['rules'] ?? []) as PolicyRule[]).every((rule) => isMeantFor(who, rule, at));
}
