import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../../api/object.ts';
import type { Service, ServicePort } from '../../api/schema/types.d.ts';
import { ApiError, type FieldError, invalid } from '../../api/status.ts';
import type { AdmissionPlugin, Lookup } from '../contracts.ts';
import { type Allocations, createAllocations, given } from './allocations.ts';
import { type Block, parseBlock } from './block.ts';

export type ServiceRanges = {
  /** IPv4, such as `10.96.0.0/16`. */
  cidr: string;
  nodePorts: PortRange;
};

type PortRange = { from: number; to: number };

export const defaultServiceRanges: ServiceRanges = { cidr: '10.96.0.0/16', nodePorts: { from: 30_000, to: 32_767 } };

/** The first addresses are left to those who ask for one by name (KEP-3070). */
const staticAddresses = 256;

/**
 * Gives every service its cluster address and node ports, and keeps each from being given twice. Runs as the last
 * mutating admission plugin; refuses with Invalid what is outside of the ranges or taken.
 */
export function serviceAddresses(lookup: Lookup, ranges: ServiceRanges, nowMs: () => number): AdmissionPlugin {
  const allocations = createAllocations(lookup, nowMs);
  const block = parseBlock(ranges.cidr);
  return {
    name: 'ServiceAddresses',
    mutate({ operation, name, kind, subresource, object, oldObject: old, dryRun, namespace }) {
      if (kind.resource !== 'services' || kind.group !== '' || subresource !== '') return;
      if (operation === 'DELETE' && !dryRun) allocations.release(`${namespace}/${name}`, []);
      if (object === undefined) return;
      const service = object as unknown as Service & KubernetesObject;
      service.spec ??= {};
      const { spec } = service;
      const { spec: before } = (old ?? {}) as unknown as Partial<Service>;
      if (before) dropUnused(spec, before);
      if (before) keepGiven(spec, before);
      const by = `${namespace}/${service.metadata.name}`;
      const giving: Giving = { service, spec, by, dryRun, allocations };
      if (spec.type !== 'ExternalName') {
        giveAddress(giving, block, ranges.cidr, before !== undefined);
        givePorts(giving, ranges.nodePorts);
      }
      if (!dryRun) allocations.release(by, spec.type === 'ExternalName' ? [] : given(spec));
    },
  };
}

type Giving = { service: Service; spec: Spec; by: string; dryRun: boolean; allocations: Allocations };

function giveAddress(giving: Giving, block: Block, cidr: string, isUpdate: boolean): void {
  const { service, spec, by, dryRun, allocations } = giving;
  if (!isUpdate && !spec.clusterIP && spec.clusterIPs?.length) return;
  const wanted = spec.clusterIP || spec.clusterIPs?.[0];
  if (wanted !== undefined && wanted !== 'None') {
    if (!block.contains(wanted))
      refuse(service, 'spec.clusterIPs', `${wanted}: the provided IP is not in the valid range ${cidr}`);
    if (!allocations.take(wanted, by, dryRun))
      refuse(service, 'spec.clusterIPs', `failed to allocate IP ${wanted}: provided IP is already allocated`);
  }
  spec.clusterIP = wanted ?? freeAddress(giving, block, cidr);
  // What contradicts itself is left for validation to refuse.
  if (isUpdate || !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
  spec.ipFamilies ??= ['IPv4'];
  spec.ipFamilyPolicy ??= 'SingleStack';
}

function freeAddress({ by, dryRun, allocations }: Giving, block: Block, cidr: string): string {
  const first = block.size > staticAddresses * 2 ? staticAddresses : 1;
  const found = search(first, block.size - 1, (offset) => allocations.take(block.at(offset), by, dryRun));
  if (found !== undefined) return block.at(found);
  throw new ApiError('InternalError', `failed to allocate a service address: ${cidr} is full`);
}

function givePorts(giving: Giving, range: PortRange): void {
  const { spec } = giving;
  const isExposed =
    spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false);
  for (const [index, port] of (spec.ports ?? []).entries()) {
    if (port.nodePort) takePort(giving, range, port.nodePort, `spec.ports[${index}].nodePort`);
    else if (isExposed) port.nodePort = sibling(spec.ports!, port) ?? freePort(giving, range);
  }
  if (!checksHealth(spec)) return;
  if (spec.healthCheckNodePort) takePort(giving, range, spec.healthCheckNodePort, 'spec.healthCheckNodePort');
  else spec.healthCheckNodePort = freePort(giving, range);
}

function takePort({ service, by, dryRun, allocations }: Giving, range: PortRange, port: number, field: string): void {
  const { from, to } = range;
  if (port < from || port > to)
    refuse(
      service,
      field,
      `${port}: provided port is not in the valid range. The range of valid ports is ${from}-${to}`,
    );
  if (!allocations.take(port, by, dryRun)) refuse(service, field, `${port}: provided port is already allocated`);
}

function freePort({ by, dryRun, allocations }: Giving, { from, to }: PortRange): number {
  const isFree = (port: number) => allocations.holder(port) === undefined && allocations.take(port, by, dryRun);
  const found = search(from, to + 1, isFree);
  if (found !== undefined) return found;
  throw new ApiError('InternalError', `failed to allocate a nodePort: ${from}-${to} is full`);
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
