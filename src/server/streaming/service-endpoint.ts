import type { Endpoint } from '../../api/schema/types.d.ts';
import type { Lookup } from '../contracts.ts';

/** One of a service's ready endpoints, by chance; undefined when it has none. Only pods of its namespace count. */
export function readyEndpoint(
  lookup: Lookup,
  namespace: string,
  service: string,
  portName: string,
): { host: string; port: number } | undefined {
  const candidates = lookup
    .list('endpointslices.discovery.k8s.io', namespace)
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service)
    .flatMap((slice) => {
      const port = slice['ports']?.find((each: { name?: string }) => (each.name ?? '') === portName)?.port;
      if (port === undefined) return [];
      const all: Endpoint[] = slice['endpoints'] ?? [];
      const ready = all.filter((each) => each.conditions?.ready !== false && isOfPod(lookup, namespace, each));
      return ready.map(({ addresses }) => ({ host: addresses[0]!, port }));
    });
  return candidates[Math.floor(Math.random() * candidates.length)];
}

/**
 * Whoever writes EndpointSlices would otherwise have the server ask whatever it can reach, past every policy.
 * Source: kubernetes/kubernetes pkg/registry/core/service/storage/storage.go, isValidAddress.
 */
function isOfPod(lookup: Lookup, namespace: string, { addresses, targetRef }: Endpoint): boolean {
  if (targetRef?.kind !== 'Pod') return false;
  const { podIP, podIPs = [] } = lookup.get('pods', namespace, targetRef.name ?? '')?.['status'] ?? {};
  return [podIP, ...podIPs.map(({ ip }: { ip: string }) => ip)].includes(addresses[0]);
}
