import { bindingText, createRoleIndex, type RoleIndex, roleText } from '../../api/rbac/role-index.ts';
import type { PolicyRule } from '../../api/rbac/rules.ts';
import type { Attributes, UserInfo } from '../../api/user.ts';
import type { Authorizer, Decision, Lookup } from '../contracts.ts';
import { nearMisses } from './near-miss.ts';

export type RbacAuthorizer = {
  authorize: Authorizer;
  /** The rules a user holds in a namespace (everywhere: ''), for rule reviews and escalation checks. */
  rulesFor(user: UserInfo, namespace: string): PolicyRule[];
};

const decisionsMax = 8192;
/** What is asked in a review may have megabytes: it is decided anew each time. */
const keyLengthMax = 1000;

const resources = ['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'].map(
  (name) => `${name}.rbac.authorization.k8s.io`,
);

/** Grows with every change of a role or binding. */
const sumOfVersions = (lookup: Lookup): number =>
  resources.reduce((sum, resource) => sum + lookup.version(resource), 0);

/** Role-based access control over the stored roles and bindings; decisions are kept until any of them changes. */
export function createRbacAuthorizer(lookup: Lookup): RbacAuthorizer {
  let version = Number.NaN;
  let index: RoleIndex | undefined;
  const decisions = new Map<string, Decision>();
  const current = (): RoleIndex => {
    const now = sumOfVersions(lookup);
    if (index === undefined || now !== version) {
      const [roles, clusterRoles, roleBindings, clusterRoleBindings] = resources.map((name) => lookup.list(name));
      index = createRoleIndex({
        roles: roles!,
        clusterRoles: clusterRoles!,
        roleBindings: roleBindings!,
        clusterRoleBindings: clusterRoleBindings!,
      });
      version = now;
      decisions.clear();
    }
    return index;
  };
  return {
    authorize(attributes) {
      const roles = current();
      // Most rules name no objects: what they allow is kept once for all names.
      const forAll = decisionKey(attributes, '*');
      const known = decisions.get(forAll) ?? decisions.get(decisionKey(attributes, `=${attributes.name}`));
      if (known !== undefined) return known;
      const { decision, named } = decide(roles, attributes);
      const key = named ? decisionKey(attributes, `=${attributes.name}`) : forAll;
      if (key.length > keyLengthMax) return decision;
      if (decisions.size >= decisionsMax) decisions.clear();
      decisions.set(key, decision);
      return decision;
    },
    rulesFor: (user, namespace) => [...current().in(user, namespace)].flatMap(({ rules }) => rules),
  };
}

/** Unambiguous: names may hold any character, so they are quoted. */
function decisionKey(asked: Attributes, name: string): string {
  const { user, verb, group, resource, subresource, namespace, nonResourcePath = '' } = asked;
  const what = asked.nonResourcePath === undefined ? 'r' : 'p';
  return JSON.stringify([what, verb, group, resource, subresource, namespace, name, nonResourcePath, whoOf(user)]);
}

const who = new WeakMap<UserInfo, string>();
/** The same user asks again and again over one connection. */
function whoOf(user: UserInfo): string {
  let text = who.get(user);
  if (text === undefined) {
    text = JSON.stringify([user.username, ...user.groups]);
    who.set(user, text);
  }
  return text;
}

/** `named`: it holds for this name only. */
function decide(roles: RoleIndex, attributes: Attributes): { decision: Decision; named: boolean } {
  const found = roles.allowed(attributes);
  if (found !== undefined) {
    const reason = `RBAC: allowed by ${bindingText(found.grant)} of ${roleText(found.grant)} to ${whom(attributes.user)}`;
    return { decision: { allowed: true, reason }, named: (found.rule.resourceNames?.length ?? 0) > 0 };
  }
  const reason = nearMisses(roles.all(attributes.user), attributes);
  return { decision: { allowed: false, reason }, named: true };
}

const whom = (user: UserInfo): string => JSON.stringify(user.username);
