import { mastersGroup } from '../../api/rbac/identity.ts';
import type { PolicyRule } from '../../api/rbac/rules.ts';
import type { UserInfo } from '../../api/user.ts';
import type { Authorizer, Lookup } from '../contracts.ts';
import { createNodeAuthorizer, nodeOf } from './node.ts';
import { createRbacAuthorizer } from './rbac.ts';

export type Authorization = {
  authorize: Authorizer;
  /** The rules a user holds in a namespace (everywhere: ''). What nodes may do besides cannot be told as rules. */
  rulesFor(user: UserInfo, namespace: string): PolicyRule[];
};

const everything: PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/**
 * All authorizers in order: the break-glass group (only that credential is in it, and the audit log marks each of its
 * requests), the node authorizer, RBAC. The first that allows decides.
 */
export function createAuthorization(lookup: Lookup): Authorization {
  const rbac = createRbacAuthorizer(lookup);
  const node = createNodeAuthorizer(lookup);
  return {
    authorize(attributes) {
      if (attributes.user.groups.includes(mastersGroup)) return { allowed: true, reason: 'member of system:masters' };
      if (nodeOf(attributes.user) === undefined) return rbac.authorize(attributes);
      const asNode = node(attributes);
      if (asNode.allowed) return asNode;
      const byRole = rbac.authorize(attributes);
      return byRole.allowed || asNode.reason === '' ? byRole : asNode;
    },
    rulesFor: (user, namespace) => (user.groups.includes(mastersGroup) ? everything : rbac.rulesFor(user, namespace)),
  };
}
