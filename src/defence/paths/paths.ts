import { mastersGroup } from '../../api/rbac/identity.ts';
import type { Subject } from '../../api/rbac/role-index.ts';
import type { Observations } from '../observations/observation.ts';
import type { Change, Snapshot } from '../snapshot/snapshot.ts';
import { type PathGraph, pathGraphOf } from './build.ts';
import { cheapestCut } from './cut.ts';
import { findEnd, isSecrets, placesOf } from './ends.ts';
import { costs, type Hop, type Place } from './graph.ts';
import { subjectId } from './rights.ts';
import { distancesTo, pathFrom } from './search.ts';
import { afterChanges, changesOf } from './simulate.ts';
import { type Path, tell } from './steps.ts';
import { type Ways, waysTo } from './ways.ts';
import { asWeigh, createWeigh } from './weigh.ts';

export type Cut = {
  /** What to change, what that would cost, and whether no change of one object does it. */
  levers: { text: string; breaks: string; weight: number; byHand: boolean }[];
  /** The objects to apply. */
  changes: Change[];
  /** Was it tried on the snapshot, and no path was left? Undefined: some of it can only be made by hand. */
  proven: boolean | undefined;
};

export type PathReport = {
  from: string;
  to: string;
  /** Cheapest first; each has a lever that those before it do not have. */
  paths: Path[];
  /** The cheapest set of changes that parts both ends; undefined: nothing does, or there is no path. */
  cut?: Cut;
  notAssessed: string[];
};

const pathsMax = 5;

/** Ways from one end to another, with the objects of each hop, and the cheapest cut. Throws UsageError for unknown ends. */
export function findPaths(snapshot: Snapshot, from: string, to: string, observations: Observations): PathReport {
  const paths = pathGraphOf(snapshot);
  const sources = placesOf(paths, from).map(({ index }) => index);
  const targets = placesOf(paths, to).map(({ index }) => index);
  const found = severalPaths(paths, sources, targets);
  const report = { from, to, paths: found.map((hops) => tell(paths, hops)), notAssessed: paths.notAssessed };
  const cut =
    found.length === 0 ? undefined : cutBetween(snapshot, paths, { from, to, sources, targets, observations });
  return cut === undefined ? report : { ...report, cut };
}

/** The cheapest, then the cheapest without what could part that one, and so on. */
function severalPaths({ graph }: PathGraph, sources: number[], targets: number[]): Hop[][] {
  const found: Hop[][] = [];
  const without = new Set<Hop>();
  while (found.length < pathsMax) {
    const distances = distancesTo(graph, targets, without);
    const nearest = sources.toSorted((a, b) => distances.cost[a]! - distances.cost[b]!)[0];
    const hops = nearest === undefined ? undefined : pathFrom(distances, nearest);
    if (hops === undefined || hops.length === 0) break;
    found.push(hops);
    const parting = hops.findLast(({ lever }) => lever !== undefined);
    if (parting === undefined) break;
    without.add(parting);
  }
  return found;
}

type Ends = { from: string; to: string; sources: number[]; targets: number[]; observations: Observations };

function cutBetween(snapshot: Snapshot, { graph }: PathGraph, ends: Ends): Cut | undefined {
  const breakage = createWeigh(ends.observations);
  const levers = cheapestCut(graph, ends.sources, ends.targets, asWeigh(breakage));
  if (levers === undefined) return undefined;
  const told = levers.map((lever) => {
    const { text, weight } = breakage(lever);
    return { text: lever.text, breaks: text, weight, byHand: lever.edit === undefined };
  });
  const changes = changesOf(snapshot, levers);
  const byHand = told.some((change) => change.byHand);
  return { levers: told, changes, proven: byHand ? undefined : !isConnected(afterChanges(snapshot, changes), ends) };
}

function isConnected(snapshot: Snapshot, { from, to }: Ends): boolean {
  const paths = pathGraphOf(snapshot);
  const distances = distancesTo(
    paths.graph,
    findEnd(paths, to).map(({ index }) => index),
  );
  return findEnd(paths, from).some(({ index }) => distances.cost[index] !== Number.POSITIVE_INFINITY);
}

/** What an intruder wants, and which places are that. */
export const aims: { name: string; is(place: Place): boolean }[] = [
  { name: 'cluster-admin', is: ({ type }) => type === 'cluster-admin' },
  { name: 'nodes', is: ({ type }) => type === 'node' },
  { name: 'secrets', is: isSecrets },
];

export type WorstPath = Path & {
  aim: string;
  /** How many other places lead there through the same last actor. */
  alike: number;
};

export type WorstReport = {
  paths: WorstPath[];
  /** Per aim, how many of the workloads reach it, and from the Internet. */
  reached: { aim: string; workloads: number; of: number; internet: boolean }[];
  notAssessed: string[];
};

const worstMax = 20;

/** The worst paths there are: from outside first, then by how easy they are. */
export function worstPaths(snapshot: Snapshot): WorstReport {
  const paths = pathGraphOf(snapshot);
  const { places } = paths.graph;
  const starts = places.filter(isStart);
  const workloads = starts.filter(({ type }) => type === 'workload');
  const reached: WorstReport['reached'] = [];
  const found: WorstPath[] = [];
  for (const aim of aims) {
    const ways = waysTo(paths, aim.is);
    const reaches = (place: Place) => Number.isFinite(ways.cost(place));
    const internet = starts.find(({ type }) => type === 'internet');
    reached.push({
      ...{ aim: aim.name, workloads: workloads.filter(reaches).length, of: workloads.length },
      internet: internet !== undefined && reaches(internet),
    });
    const byActor = Map.groupBy(starts.filter(reaches), (start) => lastActor(paths, ways, start));
    for (const group of byActor.values()) {
      const first = group.toSorted((a, b) => rank(ways, a) - rank(ways, b))[0]!;
      found.push({ ...tell(paths, ways.hops(first)!), aim: aim.name, alike: group.length - 1 });
    }
  }
  const order = (path: WorstPath) => (path.from === 'the Internet' ? 0 : 100) + path.cost;
  return {
    paths: found.sort((a, b) => order(a) - order(b)).slice(0, worstMax),
    reached,
    notAssessed: paths.notAssessed,
  };
}

/**
 * Everybody who can become one of these subjects, or cluster-admin, by rights and pods alone: bind, escalate,
 * impersonate, tokens, pods of their own. Each with the easiest way.
 */
export function pathsToSubjects(snapshot: Snapshot, subjects: Subject[]): Path[] {
  const paths = pathGraphOf(snapshot);
  const { places } = paths.graph;
  const targets = subjects.flatMap((subject) => paths.graph.find(subjectId(subject)) ?? []);
  const ends = new Set(
    [...targets, ...places.filter(({ type }) => type === 'cluster-admin')].map(({ index }) => index),
  );
  // A flaw in what listens is another question than what rights come to.
  const flaws = new Set(paths.graph.out.flat().filter(({ cost }) => cost >= costs.flaw));
  const distances = distancesTo(paths.graph, ends, flaws);
  return places
    .filter(({ type }) => type === 'user' || type === 'group' || type === 'account' || type === 'workload')
    .filter(
      ({ index, id }) => !ends.has(index) && id !== `group:${mastersGroup}` && Number.isFinite(distances.cost[index]),
    )
    .toSorted((a, b) => distances.cost[a.index]! - distances.cost[b.index]!)
    .map(({ index }) => tell(paths, pathFrom(distances, index)!));
}

/** Where an intruder begins: outside, in any workload, as anybody whose credentials were stolen. */
export function isStart({ type, id }: Place): boolean {
  if (type === 'internet' || type === 'workload') return true;
  // What everybody holds, anybody begins with; the cluster’s own users and groups hold what they hold by design.
  if (/^group:system:(authenticated|serviceaccounts(:.+)?)$/.test(id)) return true;
  return (type === 'user' || type === 'group') && !/^(user|group):(system|rempart):/.test(id);
}

const rank = ({ cost }: Ways, place: Place) => (place.type === 'internet' ? -1 : cost(place));

/** The last place on the way that is somebody: the account, user or workload that finally does it. */
function lastActor({ graph }: PathGraph, { hops }: Ways, start: Place): number {
  const actors = ['account', 'user', 'group', 'workload'];
  return hops(start)!.findLast(({ to }) => actors.includes(graph.places[to]!.type))?.to ?? start.index;
}
