import type { KubernetesObject } from '../object.ts';
import { type LabelSelector, matchesSelector } from '../selectors.ts';
import type { PolicyRule } from './rules.ts';

/**
 * The rules of a ClusterRole: its own, or with an aggregationRule those of every role that it selects, each once.
 * What a selected role aggregates itself counts too; circles end.
 */
export function rulesOf(
  role: KubernetesObject,
  clusterRoles: KubernetesObject[],
  seen = new Set<string>(),
): PolicyRule[] {
  const selectors: LabelSelector[] | undefined = role.aggregationRule?.clusterRoleSelectors;
  if (selectors === undefined) return role.rules ?? [];
  const visited = new Set([...seen, role.metadata.name]);
  const rules = clusterRoles
    .filter(({ metadata }) => !visited.has(metadata.name))
    .filter(({ metadata }) => selectors.some((selector) => matchesSelector(selector, metadata.labels)))
    .sort((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1))
    .flatMap((selected) => rulesOf(selected, clusterRoles, visited));
  return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
}
