import type { KubernetesObject } from '../object.ts';
import type { Attributes, UserInfo } from '../user.ts';
import { rulesOf } from './aggregate.ts';
import { serviceAccountName } from './identity.ts';
import { type PolicyRule, ruleAllows } from './rules.ts';
import { type Subject, subjectsOf } from './subject.ts';

/** All roles and bindings there are, as objects of rbac.authorization.k8s.io. */
type RoleObjects = {
  roles: KubernetesObject[];
  clusterRoles: KubernetesObject[];
  roleBindings: KubernetesObject[];
  clusterRoleBindings: KubernetesObject[];
};

/** What one binding gives to its subjects: the rules of a role, in one namespace or (empty) everywhere. */
export type Grant = {
  namespace: string;
  binding: KubernetesObject;
  role: KubernetesObject;
  rules: PolicyRule[];
  subjects: Subject[];
};

export type HeldRole = { role: KubernetesObject; rules: PolicyRule[] };

export type RoleIndex = {
  /** Every binding whose role exists. */
  grants: Grant[];
  /** ClusterRoles by name, bound or not, with what they collect. */
  clusterRoles: ReadonlyMap<string, HeldRole>;
  /** Bindings of a role that is not there: they give nothing. */
  dangling: KubernetesObject[];
  /** Everything the user holds, bindings of every namespace included. */
  all(user: UserInfo): Grant[];
  /** What counts in this namespace; for cluster-wide requests pass ''. */
  in(user: UserInfo, namespace: string): Iterable<Grant>;
  /** The first binding and rule that allow the request; undefined: nothing does. */
  allowed(attributes: Attributes): { grant: Grant; rule: PolicyRule } | undefined;
};

/** Sorts every binding by subject, so that a request looks only at what its user and groups hold. */
export function createRoleIndex(objects: RoleObjects): RoleIndex {
  const { grants, clusterRoles, dangling } = grantsOf(objects);
  /** namespace ('' for everywhere) → subject → grants */
  const held = new Map<string, Map<string, Grant[]>>();
  for (const grant of grants) {
    const bySubject = held.get(grant.namespace) ?? new Map<string, Grant[]>();
    held.set(grant.namespace, bySubject);
    for (const subject of grant.subjects) {
      const key = subjectKey(subject);
      const list = bySubject.get(key);
      if (list === undefined) bySubject.set(key, [grant]);
      else list.push(grant);
    }
  }
  const index: RoleIndex = {
    ...{ grants, clusterRoles, dangling },
    all: (user) => [...held.values()].flatMap((bySubject) => [...heldBy(bySubject, user)]),
    *in(user, namespace) {
      yield* heldBy(held.get(''), user);
      if (namespace !== '') yield* heldBy(held.get(namespace), user);
    },
    allowed(attributes) {
      for (const grant of index.in(
        attributes.user,
        attributes.nonResourcePath === undefined ? attributes.namespace : '',
      )) {
        const rule = grant.rules.find((each) => ruleAllows(each, attributes));
        if (rule !== undefined) return { grant, rule };
      }
      return undefined;
    },
  };
  return index;
}

function grantsOf({ roles, clusterRoles, roleBindings, clusterRoleBindings }: RoleObjects) {
  const byName = new Map(
    clusterRoles.map((role) => [role.metadata.name, { role, rules: rulesOf(role, clusterRoles) }]),
  );
  const byPlace = new Map(
    roles.map((role) => [`${role.metadata.namespace}/${role.metadata.name}`, { role, rules: role['rules'] ?? [] }]),
  );
  const grants: Grant[] = [];
  const dangling: KubernetesObject[] = [];
  for (const binding of [...clusterRoleBindings, ...roleBindings]) {
    const namespace = binding.metadata.namespace ?? '';
    const { kind, name } = binding['roleRef'];
    const found = kind === 'ClusterRole' ? byName.get(name) : byPlace.get(`${namespace}/${name}`);
    if (found === undefined) dangling.push(binding);
    else grants.push({ namespace, binding, ...found, subjects: subjectsOf(binding) });
  }
  return { grants, clusterRoles: byName, dangling };
}

/** `RoleBinding "shop/readers"`. */
export const bindingText = ({ namespace, binding }: Grant): string =>
  namespace === ''
    ? `ClusterRoleBinding "${binding.metadata.name}"`
    : `RoleBinding "${namespace}/${binding.metadata.name}"`;

/** `ClusterRole "view"`. */
export const roleText = ({ binding }: Grant): string => `${binding['roleRef'].kind} "${binding['roleRef'].name}"`;

function* heldBy(bySubject: Map<string, Grant[]> | undefined, user: UserInfo): Generator<Grant> {
  if (bySubject === undefined) return;
  yield* bySubject.get(`user:${user.username}`) ?? [];
  for (const group of user.groups) yield* bySubject.get(`group:${group}`) ?? [];
}

function subjectKey(subject: Subject): string {
  if (subject.kind === 'Group') return `group:${subject.name}`;
  if (subject.kind === 'User') return `user:${subject.name}`;
  return `user:${serviceAccountName(subject.namespace, subject.name)}`;
}
