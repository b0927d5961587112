import {
  type AddressRange,
  type Direction,
  formatAddress,
  type NetworkPolicy,
  type Party,
  type PolicyPod,
  type Protocol,
  parseAddress,
  parsePolicy,
  podKey,
  type World,
} from '../../../policy/policy.ts';
import type { Window } from '../../observations/observation.ts';
import type { SnapshotWorld } from '../../snapshot/world.ts';
import type { Impact } from '../impact.ts';
import { unseenText } from '../watched.ts';
import type { Evaluators, PlacedFlow } from './flows.ts';
import { workloadText } from './places.ts';

type Worlds = { before: SnapshotWorld; after: SnapshotWorld };

/** Pods that neither world can tell apart, or one end outside of the cluster. */
type Group = {
  id: string;
  /** What people call its members: each a workload. */
  names: Set<string>;
  pods: PolicyPod[];
  party?: Party;
  ports: Port[];
  changed: Set<Direction>;
};
type Port = { protocol: Protocol; port: number; text: string };

/** So many decisions are compared: 10,000 pods with 1,000 policies stay far below. */
const decisionsMax = 400_000;
const namesShown = 4;

/** Of TEST-NET-2: what is no pod, no node and in no block. */
const outside = '198.51.100.1';
/** Not assigned to anything: stands for every port that nobody declares. */
const otherPort: Port = { protocol: 'TCP', port: 4, text: 'other ports' };
const blocksMax = 16;

/**
 * Connections that nobody was seen to make and that are refused after the change (`unknown`), or allowed after it
 * (`opens`), one impact per workload and direction. A pair can only change where one of its ends does.
 */
export function judgeReach(
  worlds: Worlds,
  { before, after }: Evaluators,
  placed: PlacedFlow[],
  windows: Window[],
): { impacts: Impact[]; pairs: number; notAssessed: string[] } {
  const changed = changedEnds(worlds);
  const groups = groupsOf(worlds, changed);
  const ends = [...groups.values(), ...outsideEnds(worlds, changed.policies)];
  const seen = seenPairs(placed, groups);
  const summaries = new Map<string, Summary>();
  const judged = new Set<string>();
  let decisions = 0;
  for (const own of groups.values())
    for (const direction of own.changed)
      for (const far of ends) {
        const [from, to] = direction === 'ingress' ? [far, own] : [own, far];
        const pair = `${from.id}\n${to.id}`;
        if (from.party && to.party) continue;
        if (judged.has(pair)) continue;
        judged.add(pair);
        const parties = partiesOf(from, to);
        if (parties === undefined) continue;
        for (const port of to.ports) {
          if (++decisions > decisionsMax) return tooMany(summaries, windows, judged.size);
          const was = before.evaluate(...parties, port.protocol, port.port).allowed;
          const will = after.evaluate(...parties, port.protocol, port.port).allowed;
          if (was === will) continue;
          const unseen =
            from.names.size * to.names.size - (seen.get(`${pair}\n${port.protocol} ${port.port}`)?.size ?? 0);
          if (unseen > 0) note(summaries, { own, far, direction, port, gained: will, unseen });
        }
      }
  return {
    impacts: [...summaries.values()].map((summary) => impactOf(summary, windows)),
    pairs: judged.size,
    notAssessed: [],
  };
}

const tooMany = (summaries: Map<string, Summary>, windows: Window[], pairs: number) => ({
  impacts: [...summaries.values()].map((summary) => impactOf(summary, windows)),
  pairs,
  notAssessed: [
    `connections that nobody was seen to make: more than ${decisionsMax} to compare, the rest was left out`,
  ],
});

type Changed = { policies: NetworkPolicy[]; directionsOf(old: PolicyPod, now: PolicyPod): Set<Direction> };

/** Which pods are judged by other rules, or are something else, after the change. */
function changedEnds({ before, after }: Worlds): Changed {
  const [old, now] = [new Set(before.world.policies), new Set(after.world.policies)];
  const policies = [...old.symmetricDifference(now)];
  const byNamespace = Map.groupBy(policies.map(parsePolicy), ({ namespace }) => namespace);
  const isolationChanges = before.world.defaultIsolation !== after.world.defaultIsolation;
  const namespaces = new Map(before.world.namespaces.map((namespace) => [namespace.name, namespace]));
  const changedNamespaces = new Set(
    after.world.namespaces.filter((namespace) => namespaces.get(namespace.name) !== namespace).map(({ name }) => name),
  );
  const exposed = exposedPods(before.world).symmetricDifference(exposedPods(after.world));
  const exposedKeys = new Set([...exposed].map((text) => text.split(' ')[0]!));
  return {
    policies,
    directionsOf(oldPod, pod) {
      if (isolationChanges || oldPod !== pod || changedNamespaces.has(pod.namespace))
        return new Set(['ingress', 'egress']);
      const directions = new Set<Direction>(exposedKeys.has(podKey(pod)) ? ['ingress'] : []);
      for (const { selector, rules } of byNamespace.get(pod.namespace) ?? [])
        if (selector.matches(pod.labels)) for (const direction in rules) directions.add(direction as Direction);
      return directions;
    },
  };
}

const exposedPods = ({ exposures }: World): Set<string> =>
  new Set(exposures.map(({ namespace, pod, protocol, port }) => `${namespace}/${pod} ${protocol} ${port}`));

function groupsOf({ before, after }: Worlds, { policies, directionsOf }: Changed): Map<string, Group> {
  const all = [...before.world.policies, ...after.world.policies];
  const keys = selectorKeys(all);
  const inBlocks = blocksAround(all);
  const now = new Map(after.world.pods.map((pod) => [podKey(pod), pod]));
  const exposed = Map.groupBy(
    [...exposedPods(before.world), ...exposedPods(after.world)],
    (text) => text.split(' ')[0]!,
  );
  const portsOfPolicies = numbersOf(policies);
  const groups = new Map<string, Group>();
  for (const old of before.world.pods) {
    const pod = now.get(podKey(old));
    if (pod === undefined) continue;
    const changed = pod.hostNetwork ? new Set<Direction>() : directionsOf(old, pod);
    const known = keys.map((key) => `${old.labels[key] ?? '\u0001'}\u0002${pod.labels[key] ?? '\u0001'}`);
    const at = pod.hostNetwork ? pod.node : '';
    const ports = old === pod ? pod.ports : [...old.ports, ...pod.ports];
    const rest = [...changed, at, inBlocks(pod), ...ports.map((port) => `${port.name} ${port.protocol} ${port.port}`)];
    const id = [
      pod.namespace,
      ...known,
      ...rest,
      ...(exposed.get(podKey(pod)) ?? []).map((text) => text.split(' ').slice(1)),
    ].join('\u0000');
    let group = groups.get(id);
    if (group === undefined) {
      group = { id, names: new Set(), pods: [], ports: portsFor([...ports, ...portsOfPolicies]), changed };
      groups.set(id, group);
    }
    group.pods.push(pod);
    const workload = before.workloads.get(podKey(pod));
    group.names.add(workload === undefined ? `pod ${podKey(pod)}` : workloadText(workload));
  }
  return groups;
}

const selectorKeys = (policies: NetworkPolicy[]): string[] => [
  ...new Set(
    policies.map(parsePolicy).flatMap(({ selector, rules }) => {
      const peers = [...(rules.ingress ?? []), ...(rules.egress ?? [])].flatMap((rule) => rule.peers ?? []);
      return [...selector.keys, ...peers.flatMap((peer) => (peer.type === 'pods' ? peer.pods.keys : []))];
    }),
  ),
];

/** Which of the blocks that any policy names a pod's addresses lie in, as one text. */
function blocksAround(policies: NetworkPolicy[]): (pod: PolicyPod) => string {
  const peers = policies.map(parsePolicy).flatMap(({ rules }) => [...(rules.ingress ?? []), ...(rules.egress ?? [])]);
  const blocks = peers.flatMap((rule) => rule.peers ?? []).filter((peer) => peer.type === 'blocks');
  const distinct = [...new Map(blocks.map((peer) => [peer.id, peer.ranges])).values()];
  if (distinct.length === 0) return () => '';
  return ({ ips }) => {
    const addresses = ips.flatMap((ip) => parseAddress(ip) ?? []);
    const inside = (ranges: AddressRange[]) =>
      ranges.some(({ first, last }) => addresses.some((address) => first <= address && address <= last));
    return distinct.map((ranges) => (inside(ranges) ? '1' : '0')).join('');
  };
}

/** Ports that changed policies name by number: the pods may listen there, declared or not. */
const numbersOf = (policies: NetworkPolicy[]): { protocol: Protocol; port: number }[] =>
  policies
    .map(parsePolicy)
    .flatMap(({ rules }) =>
      [...(rules.ingress ?? []), ...(rules.egress ?? [])].flatMap(({ ports = [] }) =>
        ports.flatMap((port) =>
          'first' in port && port.first > 0 ? [{ protocol: port.protocol, port: port.first }] : [],
        ),
      ),
    );

const portsFor = (ports: { protocol: Protocol; port: number }[]): Port[] => [
  ...new Map(
    ports.map(
      ({ protocol, port }) => [`${protocol} ${port}`, { protocol, port, text: `${protocol} ${port}` }] as const,
    ),
  ).values(),
  otherPort,
];

/** What is no pod: everything outside, the blocks that changed policies name, and the services of nodes. */
function outsideEnds({ before, after }: Worlds, policies: NetworkPolicy[]): Group[] {
  const end = (name: string, address: string, ports: Port[]): Group => ({
    ...{ id: name, names: new Set([name]), pods: [], party: { address }, ports, changed: new Set() },
  });
  const ports = portsFor([...numbersOf(policies), { protocol: 'TCP', port: 443 }]);
  const blocks = policies.map(parsePolicy).flatMap(({ rules }) =>
    [...(rules.ingress ?? []), ...(rules.egress ?? [])]
      .flatMap((rule) => rule.peers ?? [])
      .flatMap((peer) => (peer.type === 'blocks' ? peer.ranges.slice(0, 1) : []))
      .map(({ first }) => formatAddress(first)),
  );
  const isKnown = new Set([...before.world.pods, ...after.world.pods].flatMap(({ ips }) => ips));
  const services = after.world.wellKnown.map(({ name, aliases, backend, protocols }) => {
    const at = aliases[0] ?? backend;
    const text = name === 'dns' ? 'the cluster’s DNS' : 'the API';
    return end(
      text,
      at.address,
      protocols.map((protocol) => ({ protocol, port: at.port, text: `${protocol} ${at.port}` })),
    );
  });
  return [
    end('addresses outside of the cluster', outside, ports),
    ...[...new Set(blocks)]
      .filter((address) => !isKnown.has(address))
      .slice(0, blocksMax)
      .map((address) => end(address, address, ports)),
    ...services,
  ];
}

/** Two parties of the groups; undefined for a group of one pod with itself. */
function partiesOf(from: Group, to: Group): [Party, Party] | undefined {
  const first = from.party ?? { pod: podKey(from.pods[0]!) };
  if (from !== to) return [first, to.party ?? { pod: podKey(to.pods[0]!) }];
  return from.pods.length < 2 ? undefined : [first, { pod: podKey(from.pods[1]!) }];
}

/** Per pair of groups and port, the workloads that were seen to connect: they are judged by themselves. */
function seenPairs(placed: PlacedFlow[], groups: Map<string, Group>): Map<string, Set<string>> {
  const groupOf = new Map(
    [...groups.values()].flatMap((group) => group.pods.map((pod) => [podKey(pod), group.id] as const)),
  );
  const idOf = (party: Party) => ('pod' in party ? groupOf.get(party.pod) : 'addresses outside of the cluster');
  const seen = new Map<string, Set<string>>();
  for (const { flow, from, to } of placed) {
    const key = `${idOf(from.before)}\n${idOf(to.before)}\n${flow.protocol} ${flow.port}`;
    const pairs = seen.get(key) ?? new Set();
    seen.set(key, pairs.add(`${from.text}\n${to.text}`));
  }
  return seen;
}

type Summary = {
  own: Set<string>;
  direction: Direction;
  gained: boolean;
  far: Set<string>;
  ports: Set<string>;
  pairs: number;
};
type Noted = { own: Group; far: Group; direction: Direction; port: Port; gained: boolean; unseen: number };

function note(summaries: Map<string, Summary>, { own, far, direction, port, gained, unseen }: Noted): void {
  const key = JSON.stringify([[...own.names], direction, gained]);
  const summary = summaries.get(key) ?? {
    ...{ own: own.names, direction, gained, far: new Set(), ports: new Set(), pairs: 0 },
  };
  summaries.set(key, summary);
  for (const name of far.names) summary.far.add(name);
  summary.ports.add(port.text);
  summary.pairs += unseen;
}

function impactOf({ own, direction, gained, far, ports, pairs }: Summary, windows: Window[]): Impact {
  const [who, whom] = direction === 'ingress' ? [far, own] : [own, far];
  const what = `${listed(who)} → ${listed(whom)}`;
  const connections = `${pairs} pair${pairs === 1 ? '' : 's'} of workload and port (${listed(ports)})`;
  return {
    outcome: gained ? 'opens' : 'unknown',
    subject: { type: 'reach', text: `${direction === 'ingress' ? 'to' : 'from'} ${listed(own)}` },
    why: gained
      ? `${what}: ${connections} may connect from then on, which is refused now`
      : `${what}: ${connections} can no longer connect; ${unseenText(windows)}`,
    by: [],
  };
}

function listed(names: Set<string>): string {
  const shown = [...names].slice(0, namesShown);
  return `${shown.join(', ')}${names.size > shown.length ? ` and ${names.size - shown.length} more` : ''}`;
}
