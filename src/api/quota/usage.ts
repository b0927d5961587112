import type { KubernetesObject } from '../object.ts';
import { type Amounts, podTotal } from '../pods/totals.ts';

/** Resources that quotas count by their plain name too. */
const plain = new Set(
  'pods services secrets configmaps replicationcontrollers resourcequotas persistentvolumeclaims'.split(' '),
);

/**
 * What one object uses of any quota, by the names of one: `requests.cpu`, `count/deployments.apps`, `services.nodeports`
 * (https://kubernetes.io/docs/concepts/policy/resource-quotas/). Pods that have ended use nothing but their own count.
 * `resource` is a resource name such as `deployments.apps`.
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
