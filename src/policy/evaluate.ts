import { contains, parseAddress } from './address.ts';
import { addressesOf, type Index, locationKey, namespacePeer, peerSelects } from './indexed.ts';
import type { ParsedPolicy, Peer, PortRule, Rule } from './parse.ts';
import type { Direction, PolicyPod, Protocol, WellKnown } from './world.ts';

/** One end of a connection: a pod by `namespace/name`, or an IPv4 address (of a pod, a node, or anything else). */
export type Party = { pod: string } | { address: string };

export type Why =
  | 'policy'
  /** No policy selects the pod in this direction: the mode of its namespace decides. */
  | 'off'
  | 'island'
  | 'deny'
  | 'self'
  | 'own node'
  /** A pod may reach its own node only at the services that node offers to pods. */
  | 'node guard'
  /** Not a pod, or a pod on its node's network: policies say nothing about it. */
  | 'not selectable';

/** `by`: the policies that allow, or when denied all that isolate the pod in this direction. */
export type Side = { allowed: boolean; why: Why; by: string[] };
export type Decision = { allowed: boolean; egress: Side; ingress: Side };

/** A party located in the world; exactly the facts that rules look at. Of a pod the addresses are its own. */
export type Located = { pod?: PolicyPod; node?: string; addresses?: number[]; service?: WellKnown };

export const addressesAt = ({ pod, addresses }: Located): number[] => addresses ?? addressesOf(pod?.ips ?? none);
const none: string[] = [];

/** May `from` open a connection to `to` on this port? Both the source's egress and the destination's ingress decide. */
export function evaluate(index: Index, from: Party, to: Party, protocol: Protocol, port: number): Decision {
  const source = locate(index, from, protocol, undefined);
  const destination = locate(index, to, protocol, port);
  const target = destination.service?.backend.port ?? port;
  const egress = egressSide(index, source, destination, protocol, target);
  const ingress = ingressSide(index, source, destination, protocol, target);
  return { allowed: egress.allowed && ingress.allowed, egress, ingress };
}

export function locate(index: Index, party: Party, protocol: Protocol, port: number | undefined): Located {
  const named = 'pod' in party ? index.podByKey.get(party.pod) : undefined;
  if ('pod' in party && named === undefined) throw new RangeError(`pod "${party.pod}" is not part of this world`);
  if (named !== undefined) return locatePod(named);
  const { address } = party as { address: string };
  const value = parseAddress(address);
  if (value === undefined) return { addresses: [] };
  const service = port === undefined ? undefined : index.wellKnownByLocation.get(locationKey(address, port));
  if (service?.protocols.includes(protocol))
    return { addresses: addressesOf([service.backend.address]), service, ...nodeAt(index, service.backend.address) };
  const pod = index.podByAddress.get(value);
  return pod === undefined ? { addresses: [value], ...nodeAt(index, address) } : locatePod(pod);
}

/** A pod that no node has yet is on no node: not on the same as another such pod. */
function locatePod(pod: PolicyPod): Located {
  if (!pod.hostNetwork) return { pod };
  return { ...(pod.node === '' ? {} : { node: pod.node }), addresses: addressesOf(pod.ips) };
}

const nodeAt = (index: Index, address: string) => {
  const node = index.nodeByAddress.get(parseAddress(address) ?? -1);
  return node === undefined ? {} : { node };
};

function egressSide(index: Index, from: Located, to: Located, protocol: Protocol, port: number): Side {
  const { pod } = from;
  if (pod === undefined) return { allowed: true, why: 'not selectable', by: [] };
  if (to.pod === pod) return { allowed: true, why: 'self', by: [] };
  const guarded = to.node === pod.node && to.pod === undefined && index.world.foreign !== true;
  if (guarded && !nodeOffers(index, to, protocol, port)) return { allowed: false, why: 'node guard', by: [] };
  const { selectedBy, isolation, namespace } = index.classOf(pod);
  if (selectedBy.egress.length > 0)
    return decide(selectedBy.egress, 'egress', (rule) => ruleAllows(index, rule, to, to, protocol, port));
  if (isolation !== 'island') return { allowed: isolation === 'off', why: isolation, by: [] };
  const near = to.service !== undefined || matchesPeer(index, namespacePeer(namespace.name), to);
  return { allowed: near, why: 'island', by: [] };
}

function ingressSide(index: Index, from: Located, to: Located, protocol: Protocol, port: number): Side {
  const { pod } = to;
  if (pod === undefined) return { allowed: true, why: 'not selectable', by: [] };
  if (from.pod === pod) return { allowed: true, why: 'self', by: [] };
  if (from.pod === undefined && from.node === pod.node) return { allowed: true, why: 'own node', by: [] };
  const { selectedBy, isolation, namespace } = index.classOf(pod);
  if (selectedBy.ingress.length > 0)
    return decide(selectedBy.ingress, 'ingress', (rule) => ruleAllows(index, rule, from, to, protocol, port));
  if (isolation !== 'island') return { allowed: isolation === 'off', why: isolation, by: [] };
  const exposed = index.exposuresOf(pod).some((exposure) => exposure.protocol === protocol && exposure.port === port);
  return { allowed: exposed || matchesPeer(index, namespacePeer(namespace.name), from), why: 'island', by: [] };
}

function decide(policies: ParsedPolicy[], direction: Direction, allows: (rule: Rule) => boolean): Side {
  const allowing: string[] = [];
  for (const { name, rules } of policies) if (rules[direction]?.some(allows)) allowing.push(name);
  const allowed = allowing.length > 0;
  return { allowed, why: 'policy', by: allowed ? allowing : policies.map(({ name }) => name) };
}

/** `peer` is the far end of the rule, `to` the destination, whose ports names are resolved on. */
export function ruleAllows(
  index: Index,
  rule: Rule,
  peer: Located,
  to: Located,
  protocol: Protocol,
  port: number,
): boolean {
  if (peer === to && to.service !== undefined) return ruleAllowsService(index, rule, to.service, protocol);
  return peersAllow(index, rule.peers, peer) && portsAllow(rule.ports, to.pod, protocol, port);
}

const peersAllow = (index: Index, peers: Peer[] | undefined, far: Located): boolean =>
  peers === undefined || peers.some((peer) => matchesPeer(index, peer, far));

/** A well-known service is allowed when the rule allows it at its backend or at any address in front of it. */
export function ruleAllowsService(index: Index, rule: Rule, service: WellKnown, protocol: Protocol): boolean {
  return [service.backend, ...service.aliases].some(({ address, port }) => {
    const place: Located = { addresses: addressesOf([address]), service };
    return peersAllow(index, rule.peers, place) && portsAllow(rule.ports, undefined, protocol, port);
  });
}

export function matchesPeer(index: Index, peer: Peer, located: Located): boolean {
  const { pod, service } = located;
  if (peer.type === 'blocks' && pod !== undefined && index.world.blocksSkipPods) return false;
  if (peer.type === 'blocks')
    return addressesAt(located).some((address) => peer.ranges.some((range) => contains(range, address)));
  if (pod !== undefined) return peerSelects(peer, index.classOf(pod).namespace, pod.labels);
  if (service?.namespace === undefined) return false;
  const namespace = index.world.namespaces.find(({ name }) => name === service.namespace);
  return peerSelects(peer, namespace ?? { name: service.namespace, labels: {} }, service.labels ?? {});
}

export function portsAllow(ports: PortRule[] | undefined, to: PolicyPod | undefined, protocol: Protocol, port: number) {
  if (ports === undefined) return true;
  return ports.some((rule) => {
    if (rule.protocol !== protocol) return false;
    return 'portName' in rule
      ? (to?.ports.some((own) => own.port === port && own.name === rule.portName && own.protocol === protocol) ?? false)
      : rule.first <= port && port <= rule.last;
  });
}

/** The numbers a port name stands for on this pod; none when it has no such port. */
export const resolvePortName = (pod: PolicyPod | undefined, protocol: Protocol, name: string): number[] =>
  (pod?.ports ?? []).filter((port) => port.name === name && port.protocol === protocol).map(({ port }) => port);

/** What a node lets its own pods reach on itself: well-known services, and ports of pods on the node's network. */
function nodeOffers(index: Index, to: Located, protocol: Protocol, port: number): boolean {
  if (to.service !== undefined) return true;
  return nodePorts(index, to.node!).some((offer) => offer.protocol === protocol && offer.port === port);
}

/** Declared ports of the pods that run on this node's own network. */
export const nodePorts = (index: Index, node: string): { protocol: Protocol; port: number }[] =>
  index.world.pods.filter((pod) => pod.hostNetwork && pod.node === node).flatMap(({ ports }) => ports);
