import type { Graph, Hop } from './graph.ts';

/** The cheapest way from every place to the nearest target: its cost, and the hop to take next. */
export type Distances = { cost: Float64Array; next: (Hop | undefined)[] };

/**
 * One search from all targets backwards (Dijkstra) answers for every place at once: what is asked of ten thousand pods
 * costs as much as what is asked of one.
 */
export function distancesTo({ places, into }: Graph, targets: Iterable<number>, without?: ReadonlySet<Hop>): Distances {
  const cost = new Float64Array(places.length).fill(Number.POSITIVE_INFINITY);
  const next: (Hop | undefined)[] = new Array(places.length);
  // Costs are small whole numbers: one list for each is the whole priority queue.
  const waiting: number[][] = [[]];
  for (const target of targets) {
    cost[target] = 0;
    waiting[0]!.push(target);
  }
  for (let level = 0; level < waiting.length; level++) {
    const list = waiting[level];
    for (let each = 0; list !== undefined && each < list.length; each++) {
      const place = list[each]!;
      if (cost[place] !== level) continue;
      for (const hop of into[place]!) {
        const total = level + hop.cost;
        if (total >= cost[hop.from]! || without?.has(hop)) continue;
        cost[hop.from] = total;
        next[hop.from] = hop;
        waiting[total] ??= [];
        waiting[total].push(hop.from);
      }
    }
  }
  return { cost, next };
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
