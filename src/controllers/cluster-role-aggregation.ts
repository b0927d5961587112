import type { ClusterRole, PolicyRule } from '../api/schema/types.d.ts';
import { equalJson } from '../foundation/json.ts';
import type { Controller } from '../reconcile/controller.ts';
import { isDeleting, keyOf, selects } from '../reconcile/owned.ts';

const roles = 'clusterroles.rbac.authorization.k8s.io';

/** Fills roles that are the sum of others, such as `admin` and `edit`, from the roles their selectors choose. */
export const clusterRoleAggregationController = (): Controller => ({
  name: 'clusterrole-aggregation',
  reconciles: roles,
  reads: [],
  // The sum holds rights that the controller itself does not have.
  writes: { [roles]: ['update', 'escalate'] },
  enqueue: {
    [roles]: (_role, { cache }) =>
      cache<ClusterRole>(roles)
        .list()
        .filter(({ aggregationRule }) => aggregationRule !== undefined)
        .map(keyOf),
  },

  async reconcile({ name }, { cache, client }) {
    const role = cache<ClusterRole>(roles).get('', name);
    if (role?.aggregationRule === undefined || isDeleting(role)) return undefined;
    const rules = aggregate(role, cache<ClusterRole>(roles).list());
    if (!equalJson(rules, role.rules ?? [])) await client.update(roles, { ...role, rules });
    return undefined;
  },
});

/** The rules of the chosen roles in the order of their names, each once. */
export function aggregate({ aggregationRule, metadata }: ClusterRole, all: ClusterRole[]): PolicyRule[] {
  const selectors = aggregationRule?.clusterRoleSelectors ?? [];
  const chosen = all
    .filter((role) => role.metadata.name !== metadata.name && selectors.some((selector) => selects(selector, role)))
    .sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
  const rules: PolicyRule[] = [];
  for (const rule of chosen.flatMap((role) => role.rules ?? []))
    if (!rules.some((known) => equalJson(known, rule))) rules.push(rule);
  return rules;
}
