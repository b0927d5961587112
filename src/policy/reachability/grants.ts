import type { PortRange } from '../compile.ts';
import { resolvePortName, ruleAllowsService } from '../evaluate.ts';
import { type Index, namespacePeer } from '../indexed.ts';
import type { PortRule, Rule } from '../parse.ts';
import type { PolicyPod, WellKnown } from '../world.ts';
import type { Parties, PartyClass } from './parties.ts';
import type { PortSetId, PortSets } from './port-sets.ts';

export type PortName = PortRule & { portName: string };
export type IngressGrant = { ports: PortSetId };
export type EgressGrant = { ports: PortSetId; names: PortName[] };
/** What a class may do by itself: towards anyone, and towards the members of each peer. */
export type Grants<G> = { anyone: PortSetId; byPeer: Map<number, G[]> };

/** Grants to anyone whose ports are names, which each destination resolves for itself. */
export const anyPeer = -1;

/** Ports of a rule: those that are numbers, and those that are names. */
type RulePorts = { numbers: PortSetId; names: PortName[] };
export type RulePortsOf = (ports: PortRule[] | undefined) => RulePorts;

/** The same for every class that a rule is about, so each rule is asked once. */
export function rulePortsOf({ of, all }: PortSets): RulePortsOf {
  const known = new Map<PortRule[] | undefined, RulePorts>([[undefined, { numbers: all, names: [] }]]);
  return (ports) => {
    let found = known.get(ports);
    if (found === undefined) {
      const numbers = ports!.filter((port): port is PortRange => !isName(port));
      found = { numbers: of(numbers), names: ports!.filter(isName) };
      known.set(ports, found);
    }
    return found;
  };
}

export function ingressGrants(
  parties: Parties,
  { of, none, all, union }: PortSets,
  portsOf: RulePortsOf,
  party: PartyClass,
): Grants<IngressGrant> {
  if (party.type !== 'pods') return { anyone: all, byPeer: new Map() };
  const { selectedBy, isolation, namespace } = party.podClass;
  const byPeer = new Map<number, IngressGrant[]>();
  const pod = party.pods[0]!;
  if (selectedBy.ingress.length === 0) {
    if (isolation !== 'island') return { anyone: isolation === 'off' ? all : none, byPeer };
    byPeer.set(parties.numberOfPeer(namespacePeer(namespace.name)), [{ ports: all }]);
    return { anyone: of(party.exposed), byPeer };
  }
  let anyone = none;
  for (const { peers, ports } of selectedBy.ingress.flatMap(({ rules }) => rules.ingress ?? [])) {
    const { numbers, names } = portsOf(ports);
    const granted = names.length === 0 ? numbers : union(numbers, of(names.flatMap((name) => resolvePorts(name, pod))));
    if (peers === undefined) anyone = union(anyone, granted);
    for (const peer of peers ?? []) append(byPeer, parties.numberOfPeer(peer), { ports: granted });
  }
  return { anyone, byPeer };
}

export function egressGrants(
  parties: Parties,
  { none, all, union }: PortSets,
  portsOf: RulePortsOf,
  party: PartyClass,
): Grants<EgressGrant> {
  if (party.type !== 'pods') return { anyone: all, byPeer: new Map() };
  const { selectedBy, isolation, namespace } = party.podClass;
  const byPeer = new Map<number, EgressGrant[]>();
  if (selectedBy.egress.length === 0) {
    if (isolation === 'island')
      byPeer.set(parties.numberOfPeer(namespacePeer(namespace.name)), [{ ports: all, names: [] }]);
    return { anyone: isolation === 'off' ? all : none, byPeer };
  }
  let anyone = none;
  for (const { peers, ports } of selectedBy.egress.flatMap(({ rules }) => rules.egress ?? [])) {
    const { numbers, names } = portsOf(ports);
    if (peers === undefined) anyone = union(anyone, numbers);
    if (peers === undefined && names.length > 0) append(byPeer, anyPeer, { ports: none, names });
    for (const peer of peers ?? []) append(byPeer, parties.numberOfPeer(peer), { ports: numbers, names });
  }
  return { anyone, byPeer };
}

const isName = (port: PortRule): port is PortName => 'portName' in port;
export const resolvePorts = ({ protocol, portName }: PortName, pod: PolicyPod): PortRange[] =>
  resolvePortName(pod, protocol, portName).map((number) => ({ protocol, first: number, last: number }));

const append = <T>(lists: Map<number, T[]>, key: number, value: T) => {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
};

/** A rule allows a well-known service at any of its addresses; the answer is one per rule, not one per class. */
export function servicePortsOf(index: Index, portSets: PortSets): (from: PartyClass, service: WellKnown) => PortSetId {
  const known = new Map<WellKnown, Map<Rule, PortSetId>>();
  const offered = (service: WellKnown, allows: (protocol: WellKnown['protocols'][number]) => boolean) =>
    portSets.of(
      service.protocols
        .filter(allows)
        .map((protocol) => ({ protocol, first: service.backend.port, last: service.backend.port })),
    );
  const byRule = (rule: Rule, service: WellKnown): PortSetId => {
    const rules = known.get(service) ?? new Map<Rule, PortSetId>();
    known.set(service, rules);
    const ports = rules.get(rule) ?? offered(service, (protocol) => ruleAllowsService(index, rule, service, protocol));
    rules.set(rule, ports);
    return ports;
  };
  return (from, service) => {
    if (from.type === 'service') return portSets.none;
    if (from.type !== 'pods') return offered(service, () => true);
    const { selectedBy, isolation } = from.podClass;
    if (selectedBy.egress.length === 0) return isolation === 'deny' ? portSets.none : offered(service, () => true);
    return selectedBy.egress
      .flatMap(({ rules }) => rules.egress ?? [])
      .reduce((ports, rule) => portSets.union(ports, byRule(rule, service)), portSets.none);
  };
}
