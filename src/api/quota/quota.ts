import { addQuantities, compareQuantities } from '../../foundation/quantity.ts';
import type { KubernetesObject } from '../object.ts';
import { type Amounts, hasPodLevel, podTotal } from '../pods/totals.ts';
import { countedResource, usageOf } from './usage.ts';

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

const computeNames = /^(requests\.|limits\.)?(cpu|memory)$/;

/** Does the quota limit anything that this object uses, or must say? */
export function quotaLimits(quota: KubernetesObject, resource: string, object: KubernetesObject): boolean {
  if (!quotaCounts(quota, resource, object)) return false;
  const usage = usageOf(resource, object);
  return Object.keys(quota['spec']?.hard ?? {}).some(
    (name) => name in usage || (resource === 'pods' && computeNames.test(name)),
  );
}

/** The names of `hard` that an object would exceed: it asks for `asked`, and for `before` as it was. */
export function exceededNames(hard: Amounts, used: Amounts, asked: Amounts, before: Amounts = {}): string[] {
  return Object.keys(hard).filter((name) => {
    const amount = asked[name];
    if (amount === undefined || compareQuantities(amount, before[name] ?? '0') <= 0) return false;
    return compareQuantities(addQuantities(used[name] ?? '0', amount), hard[name]!) > 0;
  });
}

/** What the quota limits and containers of the pod do not say: `requests.cpu for: web`. */
export function missingCompute(quota: KubernetesObject, pod: KubernetesObject): string[] {
  if (hasPodLevel(pod['spec'])) return [];
  return Object.keys(quota['spec']?.hard ?? {}).flatMap((name) => {
    const match = computeNames.exec(name);
    if (match === null) return [];
    const key = match[1] === 'limits.' ? 'limits' : 'requests';
    const containers: any[] = pod['spec'].containers ?? [];
    const lacking = containers.filter(({ resources }) => resources?.[key]?.[match[2]!] === undefined);
    return lacking.length === 0 ? [] : [`${name} for: ${lacking.map((container) => container.name).join(',')}`];
  });
}
