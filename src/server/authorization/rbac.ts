import { type PolicyRule, ruleAllows } from '../../api/rbac/rules.ts';
import type { Attributes, UserInfo } from '../../api/user.ts';
import type { Authorizer, Decision, Lookup } from '../contracts.ts';
import { nearMisses } from './near-miss.ts';
import { buildRoleIndex, type RoleIndex, rolesVersion } from './role-index.ts';

export type RbacAuthorizer = {
  authorize: Authorizer;
  /** The rules a user holds in a namespace (everywhere: ''), for rule reviews and escalation checks. */
  rulesFor(user: UserInfo, namespace: string): PolicyRule[];
};

const decisionsMax = 8192;

/** Role-based access control over the stored roles and bindings; decisions are kept until any of them changes. */
export function createRbacAuthorizer(lookup: Lookup): RbacAuthorizer {
  let version = Number.NaN;
  let index: RoleIndex = { all: () => [], in: () => [] };
  const decisions = new Map<string, Decision>();
  const current = (): RoleIndex => {
    const now = rolesVersion(lookup);
    if (now !== version) {
      index = buildRoleIndex(lookup);
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
      if (decisions.size >= decisionsMax) decisions.clear();
      decisions.set(named ? decisionKey(attributes, `=${attributes.name}`) : forAll, decision);
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
  for (const grant of roles.in(attributes.user, attributes.nonResourcePath === undefined ? attributes.namespace : '')) {
    const rule = grant.rules.find((each) => ruleAllows(each, attributes));
    if (rule === undefined) continue;
    const reason = `RBAC: allowed by ${grant.binding} of ${grant.role} to ${whom(attributes.user)}`;
    return { decision: { allowed: true, reason }, named: (rule.resourceNames?.length ?? 0) > 0 };
  }
  const reason = nearMisses(roles.all(attributes.user), attributes);
  return { decision: { allowed: false, reason }, named: true };
}

const whom = (user: UserInfo): string => JSON.stringify(user.username);
