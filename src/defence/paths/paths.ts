import type { Observations } from '../../api/observations/observation.ts';
import type { Change, Snapshot } from '../snapshot/snapshot.ts';
import { type PathGraph, pathGraphOf } from './build.ts';
import { cheapestCut } from './cut.ts';
import { findEnd, placesOf } from './ends.ts';
import type { Hop } from './graph.ts';
import { distancesTo, pathFrom } from './search.ts';
import { afterChanges, changesOf } from './simulate.ts';
import { type Path, tell } from './steps.ts';
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
