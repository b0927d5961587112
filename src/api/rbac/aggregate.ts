import type { KubernetesObject } from '../object.ts';
import type { PolicyRule } from './rules.ts';

type Expression = { key: string; operator: string; values?: string[] };
type Selector = { matchLabels?: Record<string, string>; matchExpressions?: Expression[] };

/**
 * The rules of a ClusterRole: its own, or with an aggregationRule those of every role that it selects, each once.
 * What a selected role aggregates itself counts too; circles end.
 */
export function rulesOf(
  role: KubernetesObject,
  clusterRoles: KubernetesObject[],
  seen = new Set<string>(),
): PolicyRule[] {
  const selectors: Selector[] | undefined = role.aggregationRule?.clusterRoleSelectors;
  if (selectors === undefined) return role.rules ?? [];
  const visited = new Set([...seen, role.metadata.name]);
  const rules = clusterRoles
    .filter(({ metadata }) => !visited.has(metadata.name))
    .filter(({ metadata }) => selectors.some((selector) => selects(selector, metadata.labels ?? {})))
    .sort((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1))
    .flatMap((selected) => rulesOf(selected, clusterRoles, visited));
  return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
}

function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Record<string, string>): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((expression) => expressionHolds(expression, labels[expression.key]))
  );
}

function expressionHolds({ operator, values = [] }: Expression, value: string | undefined): boolean {
  if (operator === 'In') return value !== undefined && values.includes(value);
  if (operator === 'NotIn') return value === undefined || !values.includes(value);
  if (operator === 'Exists') return value !== undefined;
  return operator === 'DoesNotExist' && value === undefined;
}
