import type { PathGraph } from './build.ts';
import type { Hop, Place } from './graph.ts';
import { type Distances, distancesTo, otherTargets, pathFrom } from './search.ts';

/** How every place gets to an aim: what that costs (`Infinity`: not at all), and by which hops. */
export type Ways = { cost(from: Place): number; hops(from: Place): Hop[] | undefined };

/**
 * The cheapest ways to an aim. A Secret that a workload is given for its work is no aim for that workload, but it is one
 * for everybody who breaks into it. Exact but for a workload that is given several Secrets: what it reaches past all of
 * them, in other workloads, is then looked for among what no workload is given.
 */
export function waysTo({ graph }: PathGraph, is: (place: Place) => boolean, without = new Set<Hop>()): Ways {
  const targets = graph.places.filter(is).map(({ index }) => index);
  const nearest = distancesTo(graph, targets, without);
  const given = targets.flatMap((index) =>
    graph.places[index]!.type === 'secret'
      ? graph.into[index]!.filter(({ from }) => graph.places[from]!.type === 'workload')
      : [],
  );
  if (given.length === 0)
    return { cost: ({ index }) => nearest.cost[index]!, hops: ({ index }) => pathFrom(nearest, index) };
  const own = Map.groupBy(given, ({ from }) => from);
  const others = otherTargets(graph, nearest, without);
  const notGiven = distancesTo(graph, targets, new Set([...given, ...without]));
  const waysOf = ({ index }: Place): Way => {
    const isOwn = (target: number) => own.get(index)?.some(({ to }) => to === target) === true;
    if (!isOwn(nearest.target[index]!)) return wayOf(nearest, index);
    if (!isOwn(others.target[index]!)) return { cost: others.cost[index]!, hops: () => others.pathFrom(index) };
    return isOwn(notGiven.target[index]!) ? nowhere : wayOf(notGiven, index);
  };
  return { cost: (from) => waysOf(from).cost, hops: (from) => waysOf(from).hops() };
}

type Way = { cost: number; hops(): Hop[] | undefined };

const nowhere: Way = { cost: Number.POSITIVE_INFINITY, hops: () => undefined };

const wayOf = (distances: Distances, from: number): Way => ({
  cost: distances.cost[from]!,
  hops: () => pathFrom(distances, from),
});
