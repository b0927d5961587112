import { isIPv4 } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../../api/object.ts';
import type { Service, ServicePort } from '../../api/schema/types.d.ts';
import { ApiError, type FieldError, invalid } from '../../api/status.ts';
import type { AdmissionPlugin, Lookup } from '../contracts.ts';

export type ServiceRanges = {
  /** IPv4, such as `10.96.0.0/16`. */
  cidr: string;
  nodePorts: { from: number; to: number };
};

export const defaultServiceRanges: ServiceRanges = { cidr: '10.96.0.0/16', nodePorts: { from: 30_000, to: 32_767 } };

/** What was given out and may not be visible in the store yet is kept from others for this long. */
const reservedMs = 10_000;
/** The first addresses are left to those who ask for one by name (KEP-3070). */
const staticAddresses = 256;

type Taken = { version: number; addresses: Map<string, string>; ports: Map<number, string> };

/**
 * Gives every service its cluster address and node ports, and keeps each from being given twice. Runs as the last
 * mutating admission plugin; refuses with Invalid what is outside of the ranges or taken.
 */
export function serviceAddresses(lookup: Lookup, ranges: ServiceRanges, nowMs: () => number): AdmissionPlugin {
  const block = parseBlock(ranges.cidr);
  const reserved = new Map<string | number, { by: string; untilMs: number }>();
  let taken: Taken | undefined;

  function current(): Taken {
    const version = lookup.version('services');
    if (taken?.version === version) return taken;
    taken = { version, addresses: new Map(), ports: new Map() };
    for (const service of lookup.list('services') as unknown as Service[]) {
      const by = `${service.metadata?.namespace}/${service.metadata?.name}`;
      for (const address of service.spec?.clusterIPs ?? []) taken.addresses.set(address, by);
      for (const { nodePort } of service.spec?.ports ?? []) if (nodePort) taken.ports.set(nodePort, by);
      const { healthCheckNodePort } = service.spec ?? {};
      if (healthCheckNodePort) taken.ports.set(healthCheckNodePort, by);
    }
    for (const [what, { untilMs }] of reserved) if (untilMs < nowMs()) reserved.delete(what);
    return taken;
  }

  function holder(what: string | number): string | undefined {
    const { addresses, ports } = current();
    const stored = typeof what === 'string' ? addresses.get(what) : ports.get(what);
    return stored ?? reserved.get(what)?.by;
  }

  /** False when it is another's. A dry run takes nothing. */
  function take(what: string | number, by: string, dryRun: boolean): boolean {
    const owner = holder(what);
    if (owner !== undefined && owner !== by) return false;
    if (!dryRun) reserved.set(what, { by, untilMs: nowMs() + reservedMs });
    return true;
  }

  /** What a service had asked for and does not have any more is free at once, for its successor. */
  function release(by: string, kept: (string | number | undefined)[]): void {
    for (const [what, { by: owner }] of reserved) if (owner === by && !kept.includes(what)) reserved.delete(what);
  }

  function freeAddress(by: string, dryRun: boolean): string {
    const first = block.size > staticAddresses * 2 ? staticAddresses : 1;
    const found = search(first, block.size - 1, (offset) => take(block.at(offset), by, dryRun));
    if (found !== undefined) return block.at(found);
    throw new ApiError('InternalError', `failed to allocate a service address: ${ranges.cidr} is full`);
  }

  function freePort(by: string, dryRun: boolean): number {
    const { from, to } = ranges.nodePorts;
    const found = search(from, to + 1, (port) => holder(port) === undefined && take(port, by, dryRun));
    if (found !== undefined) return found;
    throw new ApiError('InternalError', `failed to allocate a nodePort: ${from}-${to} is full`);
  }

  function giveAddress(service: Service, by: string, isUpdate: boolean, dryRun: boolean): void {
    const spec = service.spec!;
    if (!isUpdate && !spec.clusterIP && spec.clusterIPs?.length) return;
    const wanted = spec.clusterIP || spec.clusterIPs?.[0];
    if (wanted !== undefined && wanted !== 'None') {
      if (!block.contains(wanted))
        refuse(service, 'spec.clusterIPs', `${wanted}: the provided IP is not in the valid range ${ranges.cidr}`);
      if (!take(wanted, by, dryRun))
        refuse(service, 'spec.clusterIPs', `failed to allocate IP ${wanted}: provided IP is already allocated`);
    }
    spec.clusterIP = wanted ?? freeAddress(by, dryRun);
    // What contradicts itself is left for validation to refuse.
    if (isUpdate || !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
    spec.ipFamilies ??= ['IPv4'];
    spec.ipFamilyPolicy ??= 'SingleStack';
  }

  function givePorts(service: Service, by: string, dryRun: boolean): void {
    const spec = service.spec!;
    const isExposed =
      spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
    for (const [index, port] of (spec.ports ?? []).entries()) {
      if (port.nodePort) givePort(service, port.nodePort, `spec.ports[${index}].nodePort`, by, dryRun);
      else if (isExposed) port.nodePort = sibling(spec.ports!, port) ?? freePort(by, dryRun);
    }
    if (!checksHealth(spec)) return;
    if (spec.healthCheckNodePort) givePort(service, spec.healthCheckNodePort, 'spec.healthCheckNodePort', by, dryRun);
    else spec.healthCheckNodePort = freePort(by, dryRun);
  }

  function givePort(service: Service, port: number, field: string, by: string, dryRun: boolean): void {
    const { from, to } = ranges.nodePorts;
    if (port < from || port > to)
      refuse(
        service,
        field,
        `${port}: provided port is not in the valid range. The range of valid ports is ${from}-${to}`,
      );
    if (!take(port, by, dryRun)) refuse(service, field, `${port}: provided port is already allocated`);
  }

  return {
    name: 'ServiceAddresses',
    mutate({ operation, name, kind, subresource, object, oldObject: old, dryRun, namespace }) {
      if (kind.resource !== 'services' || kind.group !== '' || subresource !== '') return;
      if (operation === 'DELETE' && !dryRun) release(`${namespace}/${name}`, []);
      if (object === undefined) return;
      const service = object as unknown as Service & KubernetesObject;
      service.spec ??= {};
      const { spec: before } = (old ?? {}) as unknown as Partial<Service>;
      if (before) dropUnused(service.spec, before);
      if (before) keepGiven(service.spec, before);
      const by = `${namespace}/${service.metadata.name}`;
      if (service.spec.type === 'ExternalName') {
        if (!dryRun) release(by, []);
        return;
      }
      giveAddress(service, by, old !== undefined, dryRun);
      givePorts(service, by, dryRun);
      const { clusterIPs = [], ports = [], healthCheckNodePort } = service.spec;
      if (!dryRun) release(by, [...clusterIPs, healthCheckNodePort, ...ports.map(({ nodePort }) => nodePort)]);
    },
  };
}

type Spec = NonNullable<Service['spec']>;

const hasNodePorts = ({ type }: Spec) => type === 'NodePort' || type === 'LoadBalancer';
const checksHealth = ({ type, externalTrafficPolicy }: Spec) =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local';

/**
 * What a service had by its old type and has no use for now, unless the client has also changed it: that is validated.
 * Source: kubernetes/kubernetes pkg/registry/core/service/strategy.go, dropTypeDependentFields.
 */
function dropUnused(spec: Spec, before: Spec): void {
  const isExposed = hasNodePorts(spec) || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);
  const unused: (keyof Spec)[] = [
    ...(spec.type === 'ExternalName' ? (['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) : []),
    ...(isExposed ? [] : (['externalTrafficPolicy'] as const)),
    ...(checksHealth(spec) ? [] : (['healthCheckNodePort'] as const)),
    ...(spec.type === 'LoadBalancer' ? [] : (['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const)),
  ];
  for (const field of unused) if (isDeepStrictEqual(spec[field], before[field])) delete spec[field];
  if (hasNodePorts(spec)) return;
  for (const port of spec.ports ?? []) if (port.nodePort === sameIn(before, port)?.nodePort) delete port.nodePort;
}

/** Clients that replace a service rarely repeat what was given to it. */
function keepGiven(spec: Spec, before: Spec): void {
  if (checksHealth(spec) && checksHealth(before)) spec.healthCheckNodePort ??= before.healthCheckNodePort;
  if (spec.type !== 'ExternalName' && !spec.clusterIP && before.clusterIP) {
    spec.clusterIP = before.clusterIP;
    spec.clusterIPs = before.clusterIPs;
  }
  if (!hasNodePorts(spec)) return;
  for (const port of spec.ports ?? []) port.nodePort ||= sameIn(before, port)?.nodePort;
}

const sameIn = ({ ports = [] }: Spec, { port, protocol }: ServicePort) =>
  ports.find((each) => each.port === port && each.protocol === protocol);

/** TCP and UDP of one port share the number on the node. */
function sibling(ports: ServicePort[], port: ServicePort): number | undefined {
  return ports.find((each) => each !== port && each.port === port.port && each.protocol !== port.protocol)?.nodePort;
}

/** The first that `accept` takes, from a random place on, around once. */
function search(from: number, to: number, accept: (candidate: number) => boolean): number | undefined {
  const count = to - from;
  const start = Math.floor(Math.random() * count);
  for (let step = 0; step < count; step++) {
    const candidate = from + ((start + step) % count);
    if (accept(candidate)) return candidate;
  }
  return undefined;
}

function refuse({ metadata }: Service, field: string, message: string): never {
  const error: FieldError = { reason: 'FieldValueInvalid', field, message: `Invalid value: ${message}` };
  throw invalid('Service', '', metadata?.name ?? '', [error]);
}

function parseBlock(cidr: string) {
  const [base = '', bits = ''] = cidr.split('/');
  const length = Number(bits);
  if (!isIPv4(base) || !Number.isInteger(length) || length < 8 || length > 30)
    throw new Error(`${cidr} is not an IPv4 block for services: give one such as 10.96.0.0/16`);
  const size = 2 ** (32 - length);
  const start = Math.floor(numberOf(base) / size) * size;
  return {
    size,
    at: (offset: number) => [24, 16, 8, 0].map((shift) => ((start + offset) >>> shift) & 255).join('.'),
    contains: (address: string) => isIPv4(address) && numberOf(address) > start && numberOf(address) < start + size - 1,
  };
}

const numberOf = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
