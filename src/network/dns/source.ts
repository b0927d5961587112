import type { KubernetesObject } from '../../api/object.ts';
import type { Cache } from '../../client/cache.ts';
import { type AddressRange, parseAddress, serviceNameLabel } from '../../policy/policy.ts';
import type { DnsEndpoint, DnsService, DnsSource } from './records.ts';

export type DnsCaches = { services: Cache; endpointSlices: Cache; namespaces: Cache; pods: Cache };

/**
 * Names from the caches, looked up when asked. Only two small indexes are kept (slices by service, names by address);
 * they are dropped on a change and made again by the next question that needs them. `ranges`: pods and services.
 */
export function createDnsSource(caches: DnsCaches, ranges: AddressRange[]): DnsSource & { stop(): void } {
  let slicesByService: Map<string, KubernetesObject[]> | undefined;
  let addresses: Addresses | undefined;
  const stops = [
    caches.services.subscribe(() => {
      addresses = undefined;
    }),
    caches.endpointSlices.subscribe(() => {
      slicesByService = undefined;
      addresses = undefined;
    }),
  ];
  const slicesOf = (namespace: string, service: string) => {
    slicesByService ??= Map.groupBy(caches.endpointSlices.list(), sliceKey);
    return slicesByService.get(`${namespace}/${service}`) ?? [];
  };
  const named = () => {
    addresses ??= nameAddresses(caches);
    return addresses;
  };
  return {
    namespaceExists: (name) => caches.namespaces.get('', name) !== undefined,
    service: (namespace, name) => serviceOf(caches.services.get(namespace, name)),
    endpoints: (namespace, service) => slicesOf(namespace, service).flatMap(endpointsOf),
    serviceByAddress: (address) => named().services.get(address),
    endpointByAddress: (address) => named().endpoints.get(address),
    podHasAddress: (namespace, address) => caches.pods.list(namespace).some((pod) => pod.status?.podIP === address),
    ownsAddress(address) {
      const value = parseAddress(address);
      return value !== undefined && ranges.some(({ first, last }) => first <= value && value <= last);
    },
    stop() {
      for (const stop of stops) stop();
    },
  };
}

type Addresses = {
  services: Map<string, { namespace: string; name: string }>;
  endpoints: Map<string, { namespace: string; service: string; hostname: string }>;
};

const sliceKey = ({ metadata }: KubernetesObject) => `${metadata.namespace}/${metadata.labels?.[serviceNameLabel]}`;

function serviceOf(object: KubernetesObject | undefined): DnsService | undefined {
  if (object === undefined) return undefined;
  const { type, clusterIP, clusterIPs, externalName = '', ports = [] } = object.spec ?? {};
  const named = ports.map(({ name = '', protocol = 'TCP', port }: any) => ({ name, protocol, port }));
  if (type === 'ExternalName') return { type: 'external', addresses: [], externalName, ports: named };
  if (clusterIP === 'None') return { type: 'headless', addresses: [], externalName: '', ports: named };
  const addresses = (clusterIPs ?? [clusterIP ?? '']).filter((ip: string) => ip.includes('.'));
  return { type: 'address', addresses, externalName: '', ports: named };
}

function endpointsOf({ addressType = 'IPv4', endpoints = [], ports = [] }: KubernetesObject): DnsEndpoint[] {
  if (addressType !== 'IPv4') return [];
  const named = (ports ?? []).map(({ name = '', protocol = 'TCP', port }: any) => ({ name, protocol, port }));
  return (endpoints ?? []).map(({ addresses, hostname, conditions }: any) => ({
    address: addresses[0],
    hostname,
    ready: conditions?.ready !== false,
    ports: named,
  }));
}

function nameAddresses(caches: DnsCaches): Addresses {
  const services: Addresses['services'] = new Map();
  for (const { metadata, spec } of caches.services.list())
    for (const address of spec?.clusterIPs ?? [spec?.clusterIP])
      services.set(address, { namespace: metadata.namespace!, name: metadata.name });
  const endpoints: Addresses['endpoints'] = new Map();
  for (const slice of caches.endpointSlices.list())
    for (const { address, hostname } of endpointsOf(slice)) {
      const service = slice.metadata.labels?.[serviceNameLabel];
      if (hostname !== undefined && service !== undefined)
        endpoints.set(address, { namespace: slice.metadata.namespace!, service, hostname });
    }
  return { services, endpoints };
}
