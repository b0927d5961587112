import { addQuantities, compareQuantities } from '../../foundation/quantity.ts';
import type { KubernetesObject } from '../object.ts';
import { isSidecar } from '../pod-resources.ts';

/** Quantities by the names of a ResourceQuota: `requests.cpu`, `count/deployments.apps`, `services.nodeports`. */
export type Amounts = Record<string, string>;

/** Resources that quotas count by their plain name too. */
const plain = new Set(
  'pods services secrets configmaps replicationcontrollers resourcequotas persistentvolumeclaims'.split(' '),
);

/**
 * What one object uses of any quota (https://kubernetes.io/docs/concepts/policy/resource-quotas/). Pods that have ended
 * use nothing but their own count. `resource` is a resource name such as `deployments.apps`.
 */
export function usageOf(resource: string, object: KubernetesObject): Amounts {
  const usage: Amounts = { [`count/${resource}`]: '1' };
  if (resource === 'pods') return hasEnded(object) ? usage : { ...usage, pods: '1', ...podUsage(object) };
  if (plain.has(resource)) usage[resource] = '1';
  if (resource === 'services') Object.assign(usage, serviceUsage(object));
  if (resource === 'persistentvolumeclaims') Object.assign(usage, claimUsage(object));
  return usage;
}

const hasEnded = ({ status }: KubernetesObject): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';

function podUsage({ spec }: KubernetesObject): Amounts {
  const usage: Amounts = {};
  for (const key of ['requests', 'limits'] as const)
    for (const [name, amount] of Object.entries(podTotal(spec, key))) {
      usage[`${key}.${name}`] = amount;
      const short =
        name === 'cpu' || name === 'memory' || name === 'ephemeral-storage' || name.startsWith('hugepages-');
      if (key === 'requests' && short) usage[name] = amount;
    }
  return usage;
}

/** What a pod needs at most at one time: running containers together, or an init container with its sidecars. */
export function podTotal(spec: KubernetesObject['spec'], key: 'requests' | 'limits'): Amounts {
  const init: any[] = spec.initContainers ?? [];
  const total: Amounts = {};
  const addTo = (sum: Amounts, amounts: Amounts = {}) => {
    for (const [name, amount] of Object.entries(amounts)) sum[name] = addQuantities(sum[name] ?? '0', amount);
  };
  for (const { resources } of [...(spec.containers ?? []), ...init.filter(isSidecar)]) addTo(total, resources?.[key]);
  const sidecars: Amounts = {};
  for (const container of init) {
    const now = { ...sidecars };
    addTo(now, container.resources?.[key]);
    if (isSidecar(container)) addTo(sidecars, container.resources?.[key]);
    for (const [name, amount] of Object.entries(now))
      if (compareQuantities(amount, total[name] ?? '0') > 0) total[name] = amount;
  }
  addTo(total, spec.overhead);
  return total;
}

function serviceUsage({ spec }: KubernetesObject): Amounts {
  const ports = String((spec?.ports ?? []).length);
  if (spec?.type === 'NodePort') return { 'services.nodeports': ports };
  if (spec?.type !== 'LoadBalancer') return {};
  const allocated = spec.allocateLoadBalancerNodePorts === false ? '0' : ports;
  return { 'services.loadbalancers': '1', 'services.nodeports': allocated };
}

function claimUsage({ spec, metadata }: KubernetesObject): Amounts {
  const storage = spec?.resources?.requests?.storage ?? '0';
  const usage: Amounts = { 'requests.storage': storage };
  const name = metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName;
  if (!name) return usage;
  const prefix = `${name}.storageclass.storage.k8s.io`;
  return { ...usage, [`${prefix}/requests.storage`]: storage, [`${prefix}/persistentvolumeclaims`]: '1' };
}

/** The resource whose objects use this name of a quota. */
export function countedResource(name: string): string {
  if (name.startsWith('count/')) return name.slice('count/'.length);
  if (plain.has(name)) return name;
  if (name.startsWith('services.')) return 'services';
  if (name === 'requests.storage' || name.includes('.storageclass.storage.k8s.io/')) return 'persistentvolumeclaims';
  return 'pods';
}
