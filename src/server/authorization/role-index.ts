import type { KubernetesObject } from '../../api/object.ts';
import { rulesOf } from '../../api/rbac/aggregate.ts';
import type { PolicyRule } from '../../api/rbac/rules.ts';
import type { UserInfo } from '../../api/user.ts';
import type { Lookup } from '../contracts.ts';

/** What one binding gives to one subject: the rules of a role, in one namespace or (empty) everywhere. */
export type Grant = { namespace: string; binding: string; role: string; rules: PolicyRule[] };

export type RoleIndex = {
  /** Everything the user holds, bindings of every namespace included. */
  all(user: UserInfo): Grant[];
  /** What counts in this namespace; for cluster-wide requests pass ''. */
  in(user: UserInfo, namespace: string): Iterable<Grant>;
};

const resources = ['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'].map(
  (name) => `${name}.rbac.authorization.k8s.io`,
);

/** Sums the versions of what the index is made from: it grows with every change of any of them. */
export const rolesVersion = (lookup: Lookup): number =>
  resources.reduce((sum, resource) => sum + lookup.version(resource), 0);

type Subject = { kind: string; name: string; namespace?: string };

/** Sorts every binding by subject, so that a request looks only at what its user and groups hold. */
export function buildRoleIndex(lookup: Lookup): RoleIndex {
  const [roles, clusterRoles, roleBindings, clusterRoleBindings] = resources.map((name) => lookup.list(name)) as [
    KubernetesObject[],
    KubernetesObject[],
    KubernetesObject[],
    KubernetesObject[],
  ];
  const clusterRules = new Map(clusterRoles.map((role) => [role.metadata.name, rulesOf(role, clusterRoles)]));
  const rules = new Map(roles.map((role) => [`${role.metadata.namespace}/${role.metadata.name}`, role.rules ?? []]));
  /** namespace ('' for everywhere) → subject → grants */
  const grants = new Map<string, Map<string, Grant[]>>();
  for (const binding of [...clusterRoleBindings, ...roleBindings]) {
    const namespace = binding.metadata.namespace ?? '';
    const { kind, name } = binding.roleRef;
    const held = kind === 'ClusterRole' ? clusterRules.get(name) : rules.get(`${namespace}/${name}`);
    if (held === undefined) continue;
    const named = namespace === '' ? 'ClusterRoleBinding' : 'RoleBinding';
    const label = namespace === '' ? binding.metadata.name : `${namespace}/${binding.metadata.name}`;
    const grant = { namespace, binding: `${named} "${label}"`, role: `${kind} "${name}"`, rules: held };
    const bySubject = grants.get(namespace) ?? new Map<string, Grant[]>();
    grants.set(namespace, bySubject);
    for (const subject of binding.subjects ?? []) add(bySubject, subjectKey(subject, namespace), grant);
  }
  return {
    all: (user) => [...grants.keys()].flatMap((namespace) => [...held(grants.get(namespace), user)]),
    *in(user, namespace) {
      yield* held(grants.get(''), user);
      if (namespace !== '') yield* held(grants.get(namespace), user);
    },
  };
}

function* held(bySubject: Map<string, Grant[]> | undefined, user: UserInfo): Generator<Grant> {
  if (bySubject === undefined) return;
  yield* bySubject.get(`user:${user.username}`) ?? [];
  for (const group of user.groups) yield* bySubject.get(`group:${group}`) ?? [];
}

function subjectKey(subject: Subject, bindingNamespace: string): string {
  if (subject.kind === 'Group') return `group:${subject.name}`;
  if (subject.kind === 'User') return `user:${subject.name}`;
  return `user:system:serviceaccount:${subject.namespace ?? bindingNamespace}:${subject.name}`;
}

function add(map: Map<string, Grant[]>, key: string, grant: Grant): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [grant]);
  else list.push(grant);
}
