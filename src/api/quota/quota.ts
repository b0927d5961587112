import { addQuantities } from '../../foundation/quantity.ts';
import type { KubernetesObject } from '../object.ts';
import { type Amounts, countedResource, podTotal, usageOf } from './usage.ts';

type ScopeRequirement = { scopeName: string; operator?: string; values?: string[] };

/** Does the quota count this object? Scopes only ever select pods. */
export function quotaCounts(quota: KubernetesObject, resource: string, object: KubernetesObject): boolean {
  const named: ScopeRequirement[] = (quota['spec']?.scopes ?? []).map((scopeName: string) => ({ scopeName }));
  const selected: ScopeRequirement[] = quota['spec']?.scopeSelector?.matchExpressions ?? [];
  const requirements = [...named, ...selected];
  if (requirements.length === 0) return true;
  return resource === 'pods' && requirements.every((requirement) => inScope(object, requirement));
}

function inScope({ spec }: KubernetesObject, { scopeName, operator, values = [] }: ScopeRequirement): boolean {
  switch (scopeName) {
    case 'Terminating':
      return (spec.activeDeadlineSeconds ?? -1) >= 0;
    case 'NotTerminating':
      return !((spec.activeDeadlineSeconds ?? -1) >= 0);
    case 'BestEffort':
      return isBestEffort(spec);
    case 'NotBestEffort':
      return !isBestEffort(spec);
    case 'PriorityClass':
      return matches(spec.priorityClassName || undefined, operator, values);
    case 'CrossNamespacePodAffinity':
      return crossesNamespaces(spec.affinity);
    default:
      return false;
  }
}

function matches(value: string | undefined, operator = 'Exists', values: string[]): boolean {
  if (operator === 'In') return value !== undefined && values.includes(value);
  if (operator === 'NotIn') return value === undefined || !values.includes(value);
  return operator === 'Exists' ? value !== undefined : value === undefined;
}

function isBestEffort(spec: KubernetesObject['spec']): boolean {
  const amounts = [...Object.entries(podTotal(spec, 'requests')), ...Object.entries(podTotal(spec, 'limits'))];
  return !amounts.some(([name, amount]) => (name === 'cpu' || name === 'memory') && amount !== '0');
}

function crossesNamespaces(affinity: any): boolean {
  const terms = [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((part) => [
    ...(part?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(part?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((item: any) => item.podAffinityTerm),
  ]);
  return terms.some((term) => (term?.namespaces ?? []).length > 0 || term?.namespaceSelector !== undefined);
}

/** What objects use of the names that the quota limits; `list` gives all objects of a resource in its namespace. */
export function quotaUsed(quota: KubernetesObject, list: (resource: string) => KubernetesObject[]): Amounts {
  const names = Object.keys(quota['spec']?.hard ?? {});
  const used: Amounts = Object.fromEntries(names.map((name) => [name, '0']));
  for (const resource of new Set(names.map(countedResource)))
    for (const object of list(resource)) {
      if (!quotaCounts(quota, resource, object)) continue;
      for (const [name, amount] of Object.entries(usageOf(resource, object)))
        if (used[name] !== undefined) used[name] = addQuantities(used[name], amount);
    }
  return used;
}
