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
      const key = decisionKey(attributes);
      const known = decisions.get(key);
      if (known !== undefined) return known;
      const decision = decide(roles, attributes);
      if (decisions.size >= decisionsMax) decisions.clear();
      decisions.set(key, decision);
      return decision;
    },
    rulesFor: (user, namespace) => [...current().in(user, namespace)].flatMap(({ rules }) => rules),
  };
}

/** Unambiguous: names may hold any character, so they are quoted. */
function decisionKey({ user, ...asked }: Attributes): string {
  const { verb, group, resource, subresource, namespace, name, nonResourcePath } = asked;
  const path = nonResourcePath ?? '';
  const what = nonResourcePath === undefined ? 'r' : 'p';
  const key = [what, verb, group, resource, subresource, namespace, name, path, user.username, ...user.groups];
  return JSON.stringify(key);
}

function decide(roles: RoleIndex, attributes: Attributes): Decision {
  for (const grant of roles.in(attributes.user, attributes.nonResourcePath === undefined ? attributes.namespace : '')) {
    if (grant.rules.some((rule) => ruleAllows(rule, attributes)))
      return {
        allowed: true,
        reason: `RBAC: allowed by ${grant.binding} of ${grant.role} to ${whom(attributes.user)}`,
      };
  }
  return { allowed: false, reason: nearMisses(roles.all(attributes.user), attributes) };
}

const whom = (user: UserInfo): string => JSON.stringify(user.username);
