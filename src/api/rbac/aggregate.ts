import type { KubernetesObject } from '../object.ts';
import { type LabelSelector, matchesSelector } from '../selectors.ts';
import type { PolicyRule } from './rules.ts';

/**
 * The rules of a ClusterRole: its own, or with an aggregationRule those of every role that it selects, each once.
 * What a selected role aggregates itself counts too; circles end. `seen` are the roles that were looked at on the way: many
 * that select each other are looked at once each, not once for every way through them.
 */
export function rulesOf(
  role: KubernetesObject,
  clusterRoles: KubernetesObject[],
  seen = new Set<string>(),
): PolicyRule[] {
  const selectors: LabelSelector[] | undefined = role.aggregationRule?.clusterRoleSelectors;
  seen.add(role.metadata.name);
  if (selectors === undefined) return role.rules ?? [];
  const rules = clusterRoles
    .filter(({ metadata }) => selectors.some((selector) => matchesSelector(selector, metadata.labels)))
    .sort((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1))
    .flatMap((selected) => (seen.has(selected.metadata.name) ? [] : rulesOf(selected, clusterRoles, seen)));
  return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
}
