import { parseAddress } from '../../policy/policy.ts';
import type { DnsRecord } from './message.ts';

/** What names are answered from: lookups into the caches, made when asked, so that nothing is kept twice. */
export type DnsSource = {
  namespaceExists(name: string): boolean;
  service(namespace: string, name: string): DnsService | undefined;
  /** Endpoints of a service, in any order, also those that are not ready. */
  endpoints(namespace: string, service: string): DnsEndpoint[];
  serviceByAddress(address: string): { namespace: string; name: string } | undefined;
  endpointByAddress(address: string): { namespace: string; service: string; hostname: string } | undefined;
  podHasAddress(namespace: string, address: string): boolean;
  /** Does this address belong to the cluster's own ranges? Nobody else knows a name for it. */
  ownsAddress(address: string): boolean;
};
export type DnsService = {
  type: 'address' | 'headless' | 'external';
  /** Service addresses, or the name of an ExternalName. */
  addresses: string[];
  externalName: string;
  ports: { name: string; protocol: string; port: number }[];
};
export type DnsEndpoint = {
  address: string;
  hostname: string | undefined;
  ready: boolean;
  ports: { name: string; protocol: string; port: number }[];
};

/**
 * `found` with no records of the type asked for is the answer NODATA; `missing` is NXDOMAIN; `foreign`: not ours.
 * `alias`: a CNAME whose target is to be asked for next.
 */
export type Lookup =
  | { result: 'found'; records: DnsRecord[]; additional?: DnsRecord[] }
  | { result: 'alias'; records: DnsRecord[]; target: string }
  | { result: 'missing' }
  | { result: 'foreign' };

export const ttlSeconds = 5;
const found = (records: DnsRecord[] = []): Lookup => ({ result: 'found', records });
const missing: Lookup = { result: 'missing' };

/**
 * Names of the cluster after https://github.com/kubernetes/dns/blob/master/docs/specification.md. `name` is in lower
 * case, `type` one of A, SRV, PTR, TXT or anything else (which finds nothing).
 */
export function lookUp(source: DnsSource, domain: string, name: string, type: string): Lookup {
  if (name.endsWith('.in-addr.arpa')) return type === 'PTR' ? reverse(source, domain, name) : { result: 'foreign' };
  if (name === domain) return found();
  if (!name.endsWith(`.${domain}`)) return { result: 'foreign' };
  const labels = name.slice(0, -domain.length - 1).split('.');
  const kind = labels.pop();
  const namespace = labels.pop();
  if (kind === 'dns-version' && namespace === undefined)
    return found(type === 'TXT' ? [{ name, type: 'TXT', ttlSeconds, text: '1.1.0' }] : []);
  if (kind !== 'svc' && kind !== 'pod') return missing;
  if (namespace === undefined) return found();
  if (!source.namespaceExists(namespace)) return missing;
  if (labels.length === 0) return found();
  if (kind === 'pod') return podRecords(source, name, type, namespace, labels);
  return serviceRecords(source, domain, name, type, namespace, labels);
}

function podRecords(source: DnsSource, name: string, type: string, namespace: string, labels: string[]): Lookup {
  const address = labels.length === 1 ? labels[0]!.replaceAll('-', '.') : '';
  // Only for addresses of that namespace's pods: otherwise the name would vouch for any address at all.
  if (parseAddress(address) === undefined || !source.podHasAddress(namespace, address)) return missing;
  return found(type === 'A' ? [addressRecord(name, address)] : []);
}

function serviceRecords(
  source: DnsSource,
  domain: string,
  name: string,
  type: string,
  namespace: string,
  labels: string[],
): Lookup {
  const serviceName = labels.at(-1)!;
  const service = source.service(namespace, serviceName);
  if (service === undefined) return missing;
  const own = `${serviceName}.${namespace}.svc.${domain}`;
  if (service.type === 'external' && labels.length === 1)
    return {
      result: 'alias',
      target: service.externalName,
      records: [{ name, type: 'CNAME', ttlSeconds, target: service.externalName }],
    };
  const ready =
    service.type === 'headless' ? source.endpoints(namespace, serviceName).filter(({ ready }) => ready) : [];
  if (labels.length === 1) {
    const addresses =
      service.type === 'headless' ? [...new Set(ready.map(({ address }) => address))] : service.addresses;
    return found(type === 'A' ? shuffled(addresses).map((address) => addressRecord(name, address)) : []);
  }
  if (labels.length === 2) return endpointRecords(ready, name, type, labels[0]!);
  return labels.length === 3 ? portRecords(service, ready, own, name, type, labels) : missing;
}

/** `hostname.service…`, or the address with dashes for endpoints without a hostname. */
function endpointRecords(endpoints: DnsEndpoint[], name: string, type: string, label: string): Lookup {
  // `_tcp.service…` holds names beneath it, so it exists.
  if (label === '_tcp' || label === '_udp' || label === '_sctp') return found();
  const named = endpoints.filter((endpoint) => labelOf(endpoint) === label);
  if (named.length === 0) return missing;
  return found(type === 'A' ? named.map(({ address }) => addressRecord(name, address)) : []);
}

const labelOf = ({ hostname, address }: DnsEndpoint) => hostname ?? address.replaceAll('.', '-');

/** `_port._protocol.service…` SRV records, with the addresses of their targets. */
function portRecords(
  service: DnsService,
  endpoints: DnsEndpoint[],
  own: string,
  name: string,
  type: string,
  labels: string[],
): Lookup {
  const fits = (port: { name: string; protocol: string }) =>
    `_${port.name}` === labels[0] && `_${port.protocol.toLowerCase()}` === labels[1];
  const targets =
    service.type === 'headless'
      ? endpoints.flatMap((endpoint) =>
          endpoint.ports
            .filter(fits)
            .map(({ port }) => ({ port, target: `${labelOf(endpoint)}.${own}`, addresses: [endpoint.address] })),
        )
      : service.ports.filter(fits).map(({ port }) => ({ port, target: own, addresses: service.addresses }));
  if (targets.length === 0) return missing;
  if (type !== 'SRV') return found();
  return {
    result: 'found',
    records: targets.map(({ port, target }) => ({ name, type: 'SRV', ttlSeconds, port, target })),
    additional: targets.flatMap(({ target, addresses }) => addresses.map((address) => addressRecord(target, address))),
  };
}

function reverse(source: DnsSource, domain: string, name: string): Lookup {
  const address = name.split('.').slice(0, -2).reverse().join('.');
  const pointer = (target: string) => found([{ name, type: 'PTR', ttlSeconds, target: `${target}.svc.${domain}` }]);
  const service = source.serviceByAddress(address);
  if (service !== undefined) return pointer(`${service.name}.${service.namespace}`);
  const endpoint = source.endpointByAddress(address);
  if (endpoint !== undefined) return pointer(`${endpoint.hostname}.${endpoint.service}.${endpoint.namespace}`);
  return source.ownsAddress(address) ? missing : { result: 'foreign' };
}

function addressRecord(name: string, address: string): DnsRecord {
  return { name, type: 'A', ttlSeconds, address: Uint8Array.from(address.split('.').map(Number)) };
}

/** Clients take the first address: each answer begins with another one. */
function shuffled<T>(items: T[]): T[] {
  if (items.length < 2) return items;
  const start = Math.floor(Math.random() * items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}
