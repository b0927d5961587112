import { type AddressRange, formatAddress, parseAddress, parseBlock, serviceNameLabel } from '../../policy/policy.ts';

export type Protocol = 'tcp' | 'udp' | 'sctp';
export type Backend = { ip: string; port: number };

/**
 * An address and port where packets are taken in, and where they go. `address` undefined: every address of the node.
 * `outside` is given when the outside may only use backends of this node (externalTrafficPolicy: Local).
 */
export type Frontend = {
  /** What it belongs to, for affinity: `namespace/name:port`. */
  service: string;
  address: string | undefined;
  protocol: Protocol;
  port: number;
  backends: Backend[];
  outside: Backend[] | undefined;
  /** Nothing answers because none of the backends is on this node: dropped, not refused. */
  localOnly: boolean;
  affinitySeconds: number | undefined;
  /** Clients that may come in from the outside; undefined: all. */
  sourceRanges: AddressRange[] | undefined;
};

/** As much of a Service and an EndpointSlice as routing needs. */
export type Service = {
  metadata: { namespace?: string; name: string; labels?: Record<string, string> };
  spec?: {
    type?: string;
    clusterIP?: string;
    clusterIPs?: string[];
    ports?: { name?: string; protocol?: string; port: number; nodePort?: number }[];
    sessionAffinity?: string;
    sessionAffinityConfig?: { clientIP?: { timeoutSeconds?: number } };
    internalTrafficPolicy?: string;
    externalTrafficPolicy?: string;
    loadBalancerSourceRanges?: string[];
  };
  status?: { loadBalancer?: { ingress?: { ip?: string; ipMode?: string }[] } };
};
export type EndpointSlice = {
  metadata: { namespace?: string; labels?: Record<string, string> };
  addressType?: string;
  ports?: { name?: string; protocol?: string; port?: number }[];
  endpoints?: Endpoint[];
};
type Endpoint = {
  addresses: string[];
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
  nodeName?: string;
};

/** Every way in that the services of the cluster define, on the node `nodeName`. Pure. */
export function frontendsOf(services: Service[], slices: EndpointSlice[], nodeName: string): Frontend[] {
  const slicesByService = Map.groupBy(
    slices.filter((slice) => (slice.addressType === undefined || slice.addressType === 'IPv4') && !isOthers(slice)),
    ({ metadata }) => `${metadata.namespace}/${metadata.labels?.[serviceNameLabel]}`,
  );
  return services.flatMap((service) => {
    const key = `${service.metadata.namespace}/${service.metadata.name}`;
    return serviceFrontends(service, key, slicesByService.get(key) ?? [], nodeName);
  });
}

const othersLabels = ['service.kubernetes.io/service-proxy-name', 'service.kubernetes.io/headless'];
/** Services, and slices of services, that are another proxy's or that none shall carry (KEP-2447). */
const isOthers = ({ metadata }: Pick<EndpointSlice, 'metadata'>) =>
  othersLabels.some((label) => metadata.labels?.[label] !== undefined);

function serviceFrontends(service: Service, key: string, slices: EndpointSlice[], nodeName: string): Frontend[] {
  const { spec = {}, status } = service;
  if (spec.type === 'ExternalName' || isOthers(service)) return [];
  const clusterIPs = (spec.clusterIPs ?? [spec.clusterIP ?? '']).filter(isAddress);
  if (clusterIPs.length === 0) return [];
  const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer';
  const balancers = spec.type === 'LoadBalancer' ? (status?.loadBalancer?.ingress ?? []) : [];
  const balancerIPs = balancers.flatMap(({ ip, ipMode }) => (ip && isAddress(ip) && ipMode !== 'Proxy' ? [ip] : []));
  const ranges = spec.loadBalancerSourceRanges?.flatMap((text) => parseBlock(text.trim()) ?? []);
  const affinitySeconds =
    spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10_800) : undefined;

  return (spec.ports ?? []).flatMap(({ name = '', port, nodePort, protocol: text = 'TCP' }) => {
    const protocol = text.toLowerCase() as Protocol;
    const all = collectEndpoints(slices, name, text);
    const local = all.filter(({ endpoint }) => endpoint.nodeName === nodeName);
    const everywhere = usable(all);
    const here = usable(local);
    const common = { service: `${key}:${protocol}:${port}`, protocol, affinitySeconds, sourceRanges: undefined };
    const outside = spec.externalTrafficPolicy === 'Local' ? here : undefined;
    const localOnly = spec.internalTrafficPolicy === 'Local';
    const inside = clusterIPs.map((address) => ({
      ...common,
      address,
      port,
      backends: localOnly ? here : everywhere,
      outside: undefined,
      localOnly: localOnly && everywhere.length > 0,
    }));
    if (!external) return inside;
    const wide = { ...common, backends: everywhere, outside, localOnly: false };
    const onNode = nodePort ? [{ ...wide, address: undefined, port: nodePort }] : [];
    return [...inside, ...onNode, ...balancerIPs.map((address) => ({ ...wide, address, port, sourceRanges: ranges }))];
  });
}

const isAddress = (text: string) => parseAddress(text) !== undefined;

type Found = { endpoint: Endpoint; backend: Backend };

/** Backends of the service port `name`: slices carry the number that each pod's named port resolved to. */
function collectEndpoints(slices: EndpointSlice[], name: string, protocol: string): Found[] {
  return slices.flatMap(({ ports = [], endpoints = [] }) => {
    const found = ports.find((port) => (port.name ?? '') === name && (port.protocol ?? 'TCP') === protocol);
    if (found?.port === undefined) return [];
    const { port } = found;
    return endpoints.flatMap((endpoint) => {
      const ip = endpoint.addresses[0] ?? '';
      return isRoutable(ip) ? [{ endpoint, backend: { ip, port } }] : [];
    });
  });
}

/**
 * Loopback, link-local (cloud metadata) and multicast are never backends: whoever may write EndpointSlices must not
 * reach through a service what belongs to the node.
 */
function isRoutable(ip: string): boolean {
  const address = parseAddress(ip);
  return address !== undefined && !unroutable.some(({ first, last }) => first <= address && address <= last);
}

const unroutable = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'].map((block) => parseBlock(block)!);

/** Ready endpoints; when there is none, those that still serve while they terminate. Sorted, each once. */
function usable(found: Found[]): Backend[] {
  const ready = found.filter(({ endpoint }) => endpoint.conditions?.ready !== false);
  const serving = found.filter(({ endpoint }) => endpoint.conditions?.serving && endpoint.conditions.terminating);
  const chosen = (ready.length > 0 ? ready : serving).map(({ backend }) => backend);
  const unique = new Map(chosen.map((backend) => [`${backend.ip}:${backend.port}`, backend]));
  return [...unique.values()].sort((a, b) => parseAddress(a.ip)! - parseAddress(b.ip)! || a.port - b.port);
}

/** nft's notation of a span of addresses. */
export const formatRange = ({ first, last }: AddressRange): string =>
  first === last ? formatAddress(first) : `${formatAddress(first)}-${formatAddress(last)}`;
