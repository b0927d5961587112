import type { Graph, Hop } from './graph.ts';

/** The cheapest way from every place to the nearest target: which that is, the cost, and the hop to take next. */
export type Distances = { cost: Float64Array; next: (Hop | undefined)[]; target: Int32Array };

/**
 * One search from all targets backwards (Dijkstra) answers for every place at once: what is asked of ten thousand pods
 * costs as much as what is asked of one.
 */
export function distancesTo({ places, into }: Graph, targets: Iterable<number>, without?: ReadonlySet<Hop>): Distances {
  const cost = new Float64Array(places.length).fill(Number.POSITIVE_INFINITY);
  const next: (Hop | undefined)[] = new Array(places.length);
  const target = new Int32Array(places.length).fill(-1);
  const queue = createQueue();
  for (const each of targets) {
    cost[each] = 0;
    target[each] = each;
    queue.add(each, 0);
  }
  queue.run((place, level) => {
    if (cost[place] !== level) return;
    for (const hop of into[place]!) {
      const total = level + hop.cost;
      if (total >= cost[hop.from]! || without?.has(hop)) continue;
      cost[hop.from] = total;
      next[hop.from] = hop;
      target[hop.from] = target[place]!;
      queue.add(hop.from, total);
    }
  });
  return { cost, next, target };
}

/** Costs are small whole numbers: one list for each is the whole priority queue. */
function createQueue() {
  const waiting: number[][] = [];
  return {
    add(place: number, cost: number) {
      waiting[cost] ??= [];
      waiting[cost].push(place);
    },
    run(visit: (place: number, cost: number) => void) {
      for (let level = 0; level < waiting.length; level++) {
        const list = waiting[level];
        for (let each = 0; list !== undefined && each < list.length; each++) visit(list[each]!, level);
      }
    },
  };
}

/** As `Distances`, to the nearest target that is another one than the nearest of all; without any the way has no hops. */
export type OtherTargets = { cost: Float64Array; target: Int32Array; pathFrom(from: number): Hop[] };

export function otherTargets(
  { places, out, into }: Graph,
  nearest: Distances,
  without?: ReadonlySet<Hop>,
): OtherTargets {
  const cost = new Float64Array(places.length).fill(Number.POSITIVE_INFINITY);
  const target = new Int32Array(places.length).fill(-1);
  const next: (Hop | undefined)[] = new Array(places.length);
  const queue = createQueue();
  const take = (hop: Hop, total: number, to: number) => {
    if (total >= cost[hop.from]! || without?.has(hop)) return;
    cost[hop.from] = total;
    target[hop.from] = to;
    next[hop.from] = hop;
    queue.add(hop.from, total);
  };
  const isSame = ({ from, to }: Hop) => nearest.target[from] === nearest.target[to];
  // Either the next place has another nearest target, or the way goes on to the other target of that place.
  for (const hops of out)
    for (const hop of hops)
      if (nearest.target[hop.to] !== -1 && !isSame(hop))
        take(hop, hop.cost + nearest.cost[hop.to]!, nearest.target[hop.to]!);
  queue.run((place, level) => {
    if (cost[place] !== level) return;
    for (const hop of into[place]!) if (isSame(hop)) take(hop, level + hop.cost, target[place]!);
  });
  return {
    ...{ cost, target },
    pathFrom(from) {
      const hops: Hop[] = [];
      for (let hop = next[from]; hop !== undefined; hop = next[hop.to]) {
        hops.push(hop);
        if (!isSame(hop)) return [...hops, ...(pathFrom(nearest, hop.to) ?? [])];
      }
      return hops;
    },
  };
}

/** The hops from a place to the nearest target; undefined: there is no way. */
export function pathFrom({ cost, next }: Distances, from: number): Hop[] | undefined {
  if (cost[from] === Number.POSITIVE_INFINITY) return undefined;
  const hops: Hop[] = [];
  for (let hop = next[from]; hop !== undefined; hop = next[hop.to]) hops.push(hop);
  return hops;
}

/** Everything that can be reached from some places. */
export function reachedFrom({ places, out }: Graph, from: Iterable<number>, without: ReadonlySet<Hop>): Uint8Array {
  const seen = new Uint8Array(places.length);
  const waiting = [...from];
  for (const place of waiting) seen[place] = 1;
  while (waiting.length > 0)
    for (const hop of out[waiting.pop()!]!)
      if (seen[hop.to] === 0 && !without.has(hop)) {
        seen[hop.to] = 1;
        waiting.push(hop.to);
      }
  return seen;
}
