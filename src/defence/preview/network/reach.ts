import type { Window } from '../../../api/observations/observation.ts';
import {
  type ChangedParty,
  changedPairs,
  type PolicyPod,
  type PortRange,
  podKey,
  podsByKey,
  portsText,
  withoutPorts,
} from '../../../policy/policy.ts';
import { type Place, serviceText, workloadText } from '../../observations/places.ts';
import { unseenText } from '../../observations/watched.ts';
import type { SnapshotWorld } from '../../snapshot/world.ts';
import type { Impact } from '../impact.ts';
import type { PlacedFlow } from './flows.ts';

type Worlds = { before: SnapshotWorld; after: SnapshotWorld };

/** Ends as people call them: workloads, nodes, services of nodes, addresses. Pods of one class and world have one. */
type End = { names: string[]; pods: PolicyPod[]; pairs: number };
/** `declared`: of the ports that change, those that the pods declare. */
type Pair = { from: End; to: End; gained: boolean; ports: PortRange[]; declared: PortRange[] };

const namesShown = 4;
const portsShown = 5;
const outside = 'addresses outside of the cluster';

/**
 * Connections that nobody was seen to make and that are refused after the change (`unknown`), or allowed after it
 * (`opens`): one impact per workload, at the end where most of what changes comes together.
 */
export function judgeReach(
  worlds: Worlds,
  placed: PlacedFlow[],
  windows: Window[],
): { impacts: Impact[]; pairs: number } {
  // Looked up where a pair is of two workloads only.
  let seen: Map<string, PlacedFlow[]> | undefined;
  const seenBetween = (from: string, to: string): PlacedFlow[] => {
    seen ??= Map.groupBy(placed, (flow) => `${flow.from.text} → ${flow.to.text}`);
    return seen.get(`${from} → ${to}`) ?? [];
  };
  const endOf = endsOf(worlds);
  const pairs: Pair[] = [];
  for (const { from, to, before, after } of changedPairs(worlds.before.world, worlds.after.world)) {
    const ends = { from: endOf(from), to: endOf(to) };
    if (ends.from.names.length === 0 || ends.to.names.length === 0) continue;
    // A pod reaches itself whatever policies say; one that stands for a template stands for several.
    const [pod] = ends.to.pods;
    const isAlone = ends.from === ends.to && pod !== undefined && ends.to.pods.length === 1;
    if (isAlone && !worlds.after.templates.has(podKey(pod))) continue;
    for (const gained of [false, true]) {
      const ports = unseenPorts(ends, gained ? withoutPorts(after, before) : withoutPorts(before, after), seenBetween);
      if (ports.length === 0) continue;
      pairs.push({ ...ends, gained, ports, declared: declaredIn(ends.to, ports) });
      ends.from.pairs++;
      ends.to.pairs++;
    }
  }
  // Ports that somebody declares first: more likely than others they are used.
  const byWeight = [...pairs.filter(isDeclared), ...pairs.filter((pair) => !isDeclared(pair))];
  const summaries = Map.groupBy(byWeight, summaryKey);
  return { impacts: [...summaries.values()].map((same) => impactOf(same, windows)), pairs: pairs.length };
}

/** Pods that are in one world only are left out: what becomes of what comes or goes is told by itself. */
function endsOf({ before, after }: Worlds): (party: ChangedParty) => End {
  const known = new Map<string[], End>();
  const now = podsByKey(after.world.pods);
  const make = ({ type, members }: ChangedParty): End => {
    if (type === 'outside') return { names: [outside], pods: [], pairs: 0 };
    if (type !== 'pods')
      return {
        names: members.map((name) => (type === 'nodes' ? `node ${name}` : serviceText(name))),
        pods: [],
        pairs: 0,
      };
    const keys = members.filter((key) => before.workloads.has(key) && now.has(key));
    const names = keys.map((key) => workloadText(before.workloads.get(key)!));
    return { names: [...new Set(names)], pods: keys.map((key) => now.get(key)!), pairs: 0 };
  };
  return (party) => {
    const end = known.get(party.members) ?? make(party);
    known.set(party.members, end);
    return end;
  };
}

/**
 * Without the ports of flows that were seen between the two, where each is one workload: they are judged by themselves, as
 * of the pods that were seen last. Pods of the workload that policies tell apart from those are not.
 */
function unseenPorts(
  { from, to }: { from: End; to: End },
  ports: PortRange[],
  seenBetween: (from: string, to: string) => PlacedFlow[],
): PortRange[] {
  if (ports.length === 0 || from.names.length > 1 || to.names.length > 1) return ports;
  return withoutPorts(
    ports,
    seenBetween(from.names[0]!, to.names[0]!)
      .filter((seen) => isOf(from, seen.from) && isOf(to, seen.to))
      .map(({ flow: { protocol, port } }) => ({ protocol, first: port, last: port })),
  );
}

const isOf = ({ pods }: End, { pod }: Place): boolean =>
  pods.length === 0 || (pod !== undefined && pods.some((own) => podKey(own) === podKey(pod)));

/** The end that has more of what changes: of a policy for one workload, that workload. */
const isAtTarget = ({ from, to }: Pair): boolean => to.pairs >= from.pairs;
const isDeclared = ({ declared }: Pair): boolean => declared.length > 0;
const summaryKey = (pair: Pair): string =>
  JSON.stringify([isAtTarget(pair), pair.gained, isDeclared(pair), isAtTarget(pair) ? pair.to.names : pair.from.names]);

function impactOf(pairs: Pair[], windows: Window[]): Impact {
  const [first] = pairs;
  const atTarget = isAtTarget(first!);
  const own = atTarget ? first!.to.names : first!.from.names;
  const far = [...new Set(pairs.flatMap(({ from, to }) => (atTarget ? from.names : to.names)))];
  const count = pairs.reduce((sum, { from, to }) => sum + from.names.length * to.names.length, 0);
  const who = atTarget ? `${listed(far)} → ${listed(own)}` : `${listed(own)} → ${listed(far)}`;
  const what = `${who} (${count} pair${count === 1 ? '' : 's'}) on ${portsOf(pairs)}`;
  return {
    outcome: first!.gained ? 'opens' : 'unknown',
    subject: { type: 'reach', text: `${atTarget ? 'to' : 'from'} ${listed(own)}` },
    why: first!.gained
      ? `${what}: refused now, may connect from then on`
      : `${what}: can no longer connect; ${unseenText(windows)}`,
    by: [],
  };
}

/** Each port that the pods declare; of what is no pod, a few ranges. */
function declaredIn({ pods }: End, ports: PortRange[]): PortRange[] {
  if (pods.length === 0) return ports.length > portsShown ? [] : ports;
  const declared = pods.flatMap((pod) => pod.ports).filter(({ protocol, port }) => isIn(ports, protocol, port));
  return distinct(declared.map(({ protocol, port }) => ({ protocol, first: port, last: port })));
}

/** `TCP 6379 and other ports`, `TCP 8080 and all other ports`, `UDP 53 and all TCP ports`: each port is said once. */
function portsOf(pairs: Pair[]): string {
  const declared = distinct(pairs.flatMap((pair) => pair.declared));
  if (declared.length === 0) return 'ports that nobody declares';
  const whole = [...new Set(declared.filter(isWhole).map(({ protocol }) => protocol))];
  const parts = declared.filter((range) => !isWhole(range));
  const shown = parts.filter((range) => !parts.some((other) => isWithin(range, other))).slice(0, portsShown);
  const other = shown.some(({ protocol }) => whole.includes(protocol)) ? 'other ' : '';
  const which = whole.length === 3 ? '' : `${whole.join(' and ')} `;
  const others = pairs.flatMap(({ ports }) => ports).filter(({ protocol }) => !whole.includes(protocol));
  const isMore = withoutPorts(others, shown).length > 0;
  const tail = [...(whole.length > 0 ? [`all ${other}${which}ports`] : []), ...(isMore ? ['other ports'] : [])];
  const words = [...shown.map((range) => portsText([range])), ...tail];
  return tail.length === 0 || words.length === 1
    ? words.join(', ')
    : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

const isIn = (ranges: PortRange[], protocol: string, port: number): boolean =>
  ranges.some((range) => range.protocol === protocol && range.first <= port && port <= range.last);
/** Nobody listens on port 0. */
const isWhole = ({ first, last }: PortRange): boolean => first <= 1 && last === 65_535;
const isWithin = (range: PortRange, other: PortRange): boolean =>
  range !== other && withoutPorts([range], [other]).length === 0;
const distinct = (ranges: PortRange[]): PortRange[] => [
  ...new Map(ranges.map((range) => [portsText([range]), range])).values(),
];

function listed(names: string[]): string {
  const shown = names.slice(0, namesShown);
  return `${shown.join(', ')}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ''}`;
}
