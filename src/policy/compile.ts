import { type AddressRange, contains } from './address.ts';
import { nodePorts, resolvePortName, ruleAllowsService } from './evaluate.ts';
import { addressesOf, type Index, namespacePeer, type PodClass, peerSelects } from './indexed.ts';
import type { Peer, PortRule, Rule } from './parse.ts';
import type { Direction, PolicyPod, Protocol, WellKnown } from './world.ts';

export type PortRange = { protocol: Protocol; first: number; last: number };

/** Addresses under a name that stays the same while its members change; blocks are named by their content. */
export type PeerSet =
  | { type: 'addresses'; id: string; addresses: number[] }
  | { type: 'ranges'; id: string; ranges: AddressRange[] };

/** One way in or out: these peers (undefined: anyone) on these ports (undefined: any protocol and port). */
export type CompiledRule = { peers: PeerSet | undefined; ports: PortRange[] | undefined };

/** What one direction of a pod comes to. `open`: not restricted. `by` names what closed it, for the drop counters. */
export type CompiledDirection = { open: boolean; by: string[]; rules: CompiledRule[] };
export type CompiledPod = Record<Direction, CompiledDirection>;

/** Turns the world into plain sets of peers and ports, from which a kernel can enforce what `evaluate` says. */
export type Compiler = {
  compile(pod: PolicyPod): CompiledPod;
  /** Where a node's own pods may reach it besides the well-known services. */
  nodePorts(node: string): { protocol: Protocol; port: number }[];
};

export function createCompiler(index: Index): Compiler {
  const sets = new Map<string, PeerSet>();
  const peerSet = (id: string, addresses: () => number[]): PeerSet => {
    const set = sets.get(id) ?? { type: 'addresses', id, addresses: addresses() };
    sets.set(id, set);
    return set;
  };
  const scope: Scope = { index, peerSet };
  const compiled = new Map<PodClass, Map<string, CompiledPod>>();
  return {
    compile(pod) {
      const podClass = index.classOf(pod);
      // Pods of one class still differ in named ports and in what is exposed of them.
      const exposures = index.exposuresOf(pod).map(({ protocol, port }) => ({ protocol, first: port, last: port }));
      const variant = JSON.stringify([pod.ports, exposures]);
      const variants = compiled.get(podClass) ?? new Map<string, CompiledPod>();
      compiled.set(podClass, variants);
      const result = variants.get(variant) ?? compilePod(scope, podClass, pod, exposures);
      variants.set(variant, result);
      return result;
    },
    nodePorts: (node) => nodePorts(index, node),
  };
}

type Scope = { index: Index; peerSet(id: string, addresses: () => number[]): PeerSet };

function compilePod(scope: Scope, podClass: PodClass, pod: PolicyPod, exposures: PortRange[]): CompiledPod {
  const { selectedBy, isolation } = podClass;
  const compile = (direction: Direction, island: () => CompiledRule[]): CompiledDirection => {
    const policies = selectedBy[direction];
    if (policies.length === 0)
      return { open: isolation === 'off', by: [isolation], rules: isolation === 'island' ? island() : [] };
    const rules = policies.flatMap((policy) => policy.rules[direction] ?? []);
    const compileRule = direction === 'ingress' ? compileIngress : compileEgress;
    return {
      open: false,
      by: policies.map(({ name }) => name),
      rules: rules.flatMap((rule) => compileRule(scope, rule, pod)),
    };
  };
  const own = () => ({ peers: setOfPeer(scope, namespacePeer(podClass.namespace.name)), ports: undefined });
  return {
    ingress: compile('ingress', () => [
      own(),
      ...(exposures.length > 0 ? [{ peers: undefined, ports: exposures }] : []),
    ]),
    egress: compile('egress', () => [own(), ...scope.index.world.wellKnown.flatMap((s) => allowService(scope, s))]),
  };
}

/** Names of ports are the pod's own: a rule whose names it does not know opens nothing. */
function compileIngress(scope: Scope, rule: Rule, pod: PolicyPod): CompiledRule[] {
  const ports = rule.ports?.flatMap((port) => ('portName' in port ? resolved(pod, port) : [port]));
  if (ports?.length === 0) return [];
  if (rule.peers === undefined) return [{ peers: undefined, ports }];
  return rule.peers.map((peer) => ({ peers: setOfPeer(scope, peer), ports }));
}

function compileEgress(scope: Scope, rule: Rule): CompiledRule[] {
  const numbers = rule.ports?.filter((port) => !('portName' in port)) as PortRange[] | undefined;
  const names = (rule.ports ?? []).filter((port) => 'portName' in port);
  const peers = rule.peers ?? [undefined];
  const byNumber =
    numbers?.length === 0 ? [] : peers.map((peer) => ({ peers: peer && setOfPeer(scope, peer), ports: numbers }));
  const byName = names.flatMap((name) => peers.flatMap((peer) => compileNamed(scope, peer, name)));
  const services = scope.index.world.wellKnown.flatMap((service) => allowService(scope, service, rule));
  return [...byNumber, ...byName, ...services];
}

type PortName = PortRule & { portName: string };

const resolved = (pod: PolicyPod, { protocol, portName }: PortName): PortRange[] =>
  resolvePortName(pod, protocol, portName).map((port) => ({ protocol, first: port, last: port }));

/** A name may stand for another number on each destination: one rule per number, for the pods where it is that. */
function compileNamed(scope: Scope, peer: Peer | undefined, name: PortName): CompiledRule[] {
  const { protocol, portName } = name;
  const found = podsOfPeer(scope.index, peer).flatMap((pod) =>
    resolvePortName(pod, protocol, portName).map((port) => ({ pod, port })),
  );
  return [...Map.groupBy(found, ({ port }) => port)].map(([port, pods]) => ({
    peers: scope.peerSet(JSON.stringify([peer?.id ?? 'any', protocol, portName, port]), () =>
      pods.flatMap(({ pod }) => addressesOf(pod.ips)),
    ),
    ports: [{ protocol, first: port, last: port }],
  }));
}

function allowService(scope: Scope, service: WellKnown, rule?: Rule): CompiledRule[] {
  const { address, port } = service.backend;
  const protocols = service.protocols.filter(
    (protocol) => rule === undefined || ruleAllowsService(scope.index, rule, service, protocol),
  );
  if (protocols.length === 0) return [];
  const peers = scope.peerSet(JSON.stringify(['service', address]), () => addressesOf([address]));
  return [{ peers, ports: protocols.map((protocol) => ({ protocol, first: port, last: port })) }];
}

function setOfPeer(scope: Scope, peer: Peer): PeerSet {
  if (peer.type === 'blocks') return { type: 'ranges', id: peer.id, ranges: peer.ranges };
  return scope.peerSet(peer.id, () => podsOfPeer(scope.index, peer).flatMap((pod) => addressesOf(pod.ips)));
}

function podsOfPeer(index: Index, peer: Peer | undefined): PolicyPod[] {
  if (peer === undefined) return index.classes.flatMap(({ pods }) => pods);
  if (peer.type === 'pods')
    return index.classes.flatMap(({ namespace, labels, pods }) => (peerSelects(peer, namespace, labels) ? pods : []));
  const inBlock = (address: number) => peer.ranges.some((range) => contains(range, address));
  return index.classes.flatMap(({ pods }) => pods.filter((pod) => addressesOf(pod.ips).some(inBlock)));
}
