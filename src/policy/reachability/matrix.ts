import { createIndex, type Index } from '../indexed.ts';
import type { World } from '../world.ts';
import {
  anyPeer,
  egressGrants,
  type Grants,
  ingressGrants,
  type PortName,
  resolvePorts,
  rulePortsOf,
  servicePortsOf,
} from './grants.ts';
import { type Parties, type PartyClass, partiesOf } from './parties.ts';
import type { PortSetId, PortSets } from './port-sets.ts';

/**
 * Who reaches whom, class by class, without ever holding all pairs at once: a row or a column is made when it is asked
 * for, and costs what its own grants cost. Ten thousand classes are a hundred million pairs.
 */
export type Matrix = {
  index: Index;
  parties: Parties;
  /** Per destination class, by its index: the ports that `from` may use there. */
  row(from: PartyClass): Uint32Array;
  /** Per source class, by its index: the ports of `to` that it may use. */
  column(to: PartyClass): Uint32Array;
};

export function createMatrix(world: World, portSets: PortSets): Matrix {
  const index = createIndex(world);
  const parties = partiesOf(index);
  const { classes, peersOf, membersOf } = parties;
  const portsOf = rulePortsOf(portSets);
  const ingress = classes.map((party) => ingressGrants(parties, portSets, portsOf, party));
  const egress = classes.map((party) => egressGrants(parties, portSets, portsOf, party));
  const ingressByPeer = invert(ingress, membersOf.length);
  const egressByPeer = invert(egress, membersOf.length);
  const openIn = Uint32Array.from(ingress, ({ anyone }) => anyone);
  const openOut = Uint32Array.from(egress, ({ anyone }) => anyone);
  const services = classes.filter((party) => party.type === 'service');
  const { union, intersection, none, all } = portSets;
  const namedOn = (names: PortName[], to: PartyClass): PortSetId =>
    names.length === 0 || to.type !== 'pods'
      ? none
      : portSets.of(names.flatMap((name) => resolvePorts(name, to.pods[0]!)));
  const servicePorts = servicePortsOf(index, portSets);

  function row(from: PartyClass): Uint32Array {
    const into = openIn.slice();
    for (const peer of peersOf[from.index]!)
      for (const { party, grant } of ingressByPeer[peer]!) into[party] = union(into[party]!, grant.ports);
    const { anyone, byPeer } = egress[from.index]!;
    const outOf = new Uint32Array(classes.length).fill(anyone);
    if (anyone !== all)
      for (const [peer, grants] of byPeer)
        for (const to of peer === anyPeer ? classes.keys() : membersOf[peer]!)
          for (const { ports, names } of grants)
            outOf[to] = union(outOf[to]!, union(ports, namedOn(names, classes[to]!)));
    for (let to = 0; to < into.length; to++) into[to] = intersection(into[to]!, outOf[to]!);
    for (const { index, service } of services) into[index] = servicePorts(from, service);
    return into;
  }

  function column(to: PartyClass): Uint32Array {
    if (to.type === 'service') return Uint32Array.from(classes, (from) => servicePorts(from, to.service));
    const outOf = openOut.slice();
    for (const peer of [anyPeer, ...peersOf[to.index]!])
      for (const { party, grant } of peer === anyPeer ? egressToAnyName : egressByPeer[peer]!)
        outOf[party] = union(outOf[party]!, union(grant.ports, namedOn(grant.names, to)));
    const { anyone, byPeer } = ingress[to.index]!;
    const into = new Uint32Array(classes.length).fill(anyone);
    for (const [peer, grants] of byPeer)
      for (const from of membersOf[peer]!) for (const { ports } of grants) into[from] = union(into[from]!, ports);
    for (let from = 0; from < into.length; from++) into[from] = intersection(into[from]!, outOf[from]!);
    return into;
  }

  const egressToAnyName = egress.flatMap(({ byPeer }, party) =>
    (byPeer.get(anyPeer) ?? []).map((grant) => ({ party, grant })),
  );
  return { index, parties, row, column };
}

function invert<G>(grants: Grants<G>[], peers: number): { party: number; grant: G }[][] {
  const byPeer: { party: number; grant: G }[][] = Array.from({ length: peers }, () => []);
  for (const [party, { byPeer: own }] of grants.entries())
    for (const [peer, list] of own)
      if (peer !== anyPeer) for (const grant of list) byPeer[peer]!.push({ party, grant });
  return byPeer;
}
