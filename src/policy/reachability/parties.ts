import type { AddressRange } from '../address.ts';
import type { PortRange } from '../compile.ts';
import { addressesOf, type Index, namespacePeer, type PodClass, peerSelects } from '../indexed.ts';
import type { Peer } from '../parse.ts';
import type { PolicyPod, WellKnown } from '../world.ts';
import { type BlockPeer, segmentsOf } from './segments.ts';

/**
 * All ends of connections that no policy can tell apart. `nodes` are addresses of nodes (and of pods on their network),
 * `outside` is every other address of these ranges, `service` one that nodes offer to pods.
 */
export type PartyClass =
  | { type: 'pods'; index: number; podClass: PodClass; pods: PolicyPod[]; exposed: PortRange[] }
  | { type: 'nodes'; index: number; nodes: string[] }
  | { type: 'outside'; index: number; ranges: AddressRange[] }
  | { type: 'service'; index: number; service: WellKnown };

export type Parties = {
  classes: PartyClass[];
  ofPod(pod: PolicyPod): PartyClass;
  ofAddress(address: number): PartyClass;
  /** Peers that rules name, each with a number. */
  numberOfPeer(peer: Peer): number;
  /** The peers that each class belongs to, and the classes that belong to each peer. */
  peersOf: number[][];
  membersOf: number[][];
};

/** Divides a world into classes: by labels and namespace, by named ports and exposure, and by the blocks around addresses. */
export function partiesOf(index: Index): Parties {
  const peers = peersIn(index);
  const numbers = new Map(peers.map((peer, number) => [peer.id, number]));
  const blocks = peers.filter((peer): peer is BlockPeer => peer.type === 'blocks');
  const segments = segmentsOf(blocks);
  const blocksOf = (segment: number) => segments.all[segment]!.blocks.map((block) => numbers.get(blocks[block]!.id)!);
  const classes: PartyClass[] = [];
  const peersOf: number[][] = [];
  const add = (party: PartyClass, segmentNumbers: Iterable<number>) => {
    classes.push(party);
    peersOf.push([...new Set([...segmentNumbers].flatMap(blocksOf))]);
    return party;
  };

  const ofPod = new Map<PolicyPod, PartyClass>();
  const partsOfClass = new Map<PodClass, PartyClass[]>();
  for (const podClass of index.classes) {
    const parts = Map.groupBy(podClass.pods, (pod) => partKey(index, pod, segments.of));
    const made = [...parts.values()].map((pods) => {
      const [first] = pods as [PolicyPod];
      const exposed = index.exposuresOf(first).map(({ protocol, port }) => ({ protocol, first: port, last: port }));
      const party: PartyClass = { type: 'pods', index: classes.length, podClass, pods, exposed };
      return add(party, addressesOf(first.ips).map(segments.of));
    });
    partsOfClass.set(podClass, made);
    for (const party of made) if (party.type === 'pods') for (const pod of party.pods) ofPod.set(pod, party);
  }
  const nodeClasses = new Map<number, PartyClass>();
  const nodesBySegment = Map.groupBy(index.nodeByAddress, ([address]) => segments.of(address));
  for (const [segment, entries] of nodesBySegment) {
    const nodes = [...new Set(entries.map(([, name]) => name))];
    nodeClasses.set(segment, add({ type: 'nodes', index: classes.length, nodes }, [segment]));
  }
  /** Of pods on the network of a node whose address is not known. */
  const nowhere = add({ type: 'nodes', index: classes.length, nodes: [] }, []);
  const outside = segments.all.map(({ ranges }, segment) =>
    add({ type: 'outside', index: classes.length, ranges }, [segment]),
  );
  for (const service of index.world.wellKnown) add({ type: 'service', index: classes.length, service }, []);

  const membersOf: number[][] = peers.map(() => []);
  for (const [party, list] of peersOf.entries()) for (const peer of list) membersOf[peer]!.push(party);
  for (const { peer, podClass } of selections(index, peers))
    for (const party of partsOfClass.get(podClass)!) {
      const number = numbers.get(peer.id)!;
      peersOf[party.index]!.push(number);
      membersOf[number]!.push(party.index);
    }
  return {
    ...{ classes, peersOf, membersOf },
    ofPod(pod) {
      const found = ofPod.get(pod);
      if (found !== undefined) return found;
      const [address] = addressesOf(pod.ips);
      if (address === undefined) return nowhere;
      return nodeClasses.get(segments.of(address)) ?? outside[segments.of(address)]!;
    },
    ofAddress(address) {
      const pod = index.podByAddress.get(address);
      if (pod !== undefined) return ofPod.get(pod)!;
      const segment = segments.of(address);
      return (index.nodeByAddress.has(address) ? nodeClasses.get(segment) : undefined) ?? outside[segment]!;
    },
    numberOfPeer: (peer) => numbers.get(peer.id)!,
  };
}

/** What policies see of a pod besides its labels. */
function partKey(index: Index, pod: PolicyPod, segmentOf: (address: number) => number): string {
  let key = '';
  for (const { name, protocol, port } of pod.ports) if (name !== undefined) key += `${name} ${protocol} ${port},`;
  for (const { protocol, port } of index.exposuresOf(pod)) key += `${protocol} ${port},`;
  for (const address of addressesOf(pod.ips)) key += `${segmentOf(address)},`;
  return key;
}

/** Every peer of every rule once, and the own namespace of every island. */
function peersIn(index: Index): Peer[] {
  const found = new Map<string, Peer>();
  for (const { rules } of index.policies)
    for (const { peers } of [...(rules.ingress ?? []), ...(rules.egress ?? [])])
      for (const peer of peers ?? []) found.set(peer.id, peer);
  for (const { isolation, namespace } of index.classes)
    if (isolation === 'island') found.set(namespacePeer(namespace.name).id, namespacePeer(namespace.name));
  return [...found.values()];
}

/** Which classes of pods each peer selects: a selector of namespaces is asked once per namespace, not once per class. */
function selections(index: Index, peers: Peer[]): { peer: Peer; podClass: PodClass }[] {
  const byNamespace = Map.groupBy(index.classes, ({ namespace }) => namespace);
  const byName = Map.groupBy(byNamespace.keys(), ({ name }) => name);
  const bySelector = new Map<string, PodClass[]>();
  const within = (peer: Peer & { type: 'pods' }): PodClass[] => {
    const { namespace: wanted } = peer;
    if (typeof wanted === 'string')
      return (byName.get(wanted) ?? []).flatMap((namespace) => byNamespace.get(namespace)!);
    let found = bySelector.get(wanted.id);
    if (found === undefined) {
      found = [...byNamespace].flatMap(([namespace, classes]) => (wanted.matches(namespace.labels) ? classes : []));
      bySelector.set(wanted.id, found);
    }
    return found;
  };
  return peers.flatMap((peer) => {
    if (peer.type !== 'pods') return [];
    return within(peer)
      .filter((podClass) => peerSelects(peer, podClass.namespace, podClass.labels))
      .map((podClass) => ({ peer, podClass }));
  });
}
