import { addQuantities, compareQuantities } from '../../foundation/quantity.ts';
import { isSidecar } from '../pod-resources.ts';
import type { PodSpec } from '../schema/types.d.ts';

/** Quantities by the names of resources: `cpu`, `hugepages-2Mi`, `example.com/gpu`. */
export type Amounts = Record<string, string>;
type Key = 'requests' | 'limits';

/** Of these a pod may state how much all its containers have together. Source: k8s.io/component-helpers/resource/helpers.go. */
export const isPodLevel = (name: string): boolean =>
  name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

const addTo = (sum: Amounts, amounts: Amounts = {}): void => {
  for (const [name, amount] of Object.entries(amounts)) sum[name] = addQuantities(sum[name] ?? '0', amount);
};

/** What the containers have at most at one time: running ones together, or an init container with its sidecars. */
export function containersTotal({ containers = [], initContainers = [] }: PodSpec, key: Key): Amounts {
  const total: Amounts = {};
  for (const { resources } of [...containers, ...initContainers.filter(isSidecar)]) addTo(total, resources?.[key]);
  const sidecars: Amounts = {};
  for (const container of initContainers) {
    const now = { ...sidecars };
    addTo(now, container.resources?.[key]);
    if (isSidecar(container)) addTo(sidecars, container.resources?.[key]);
    for (const [name, amount] of Object.entries(now))
      if (compareQuantities(amount, total[name] ?? '0') > 0) total[name] = amount;
  }
  return total;
}

/** What the pod has: what it states as a whole in place of its containers, and its overhead, which limits nothing by itself. */
export function podTotal(spec: PodSpec, key: Key): Amounts {
  const total = containersTotal(spec, key);
  for (const [name, amount] of Object.entries(spec.resources?.[key] ?? {})) if (isPodLevel(name)) total[name] = amount;
  for (const [name, amount] of Object.entries(spec.overhead ?? {}))
    if (key === 'requests' || total[name] !== undefined) total[name] = addQuantities(total[name] ?? '0', amount);
  return total;
}

/** Does the pod say as a whole how much it has? Then its containers need not. */
export const hasPodLevel = ({ resources }: PodSpec): boolean =>
  Object.keys({ ...resources?.requests, ...resources?.limits }).some(isPodLevel);
