import type { Graph, Hop, Lever } from './graph.ts';
import { distancesTo, reachedFrom } from './search.ts';

/** How much a lever breaks, as a positive number. */
export type Weigh = (lever: Lever) => number;

/** An edge of the flow network; each has its opposite at `index ^ 1`. */
type Flow = { heads: number[]; capacity: number[]; first: number[][]; hop: (Hop | undefined)[] };

/** More than all levers together: such a hop is never cut. */
const uncuttable = 2 ** 40;

/**
 * The levers of least weight that together part the sources from the targets (maximum flow, minimum cut; Dinic). Empty:
 * there is no way between them. Undefined: some way has no lever on it. `without`: hops that are gone already.
 */
export function cheapestCut(
  graph: Graph,
  from: number[],
  to: number[],
  weigh: Weigh,
  without: ReadonlySet<Hop> = new Set(),
): Lever[] | undefined {
  const reached = reachedFrom(graph, from, without);
  const { cost } = distancesTo(graph, to, without);
  const matters = (place: number) => reached[place] === 1 && cost[place] !== Number.POSITIVE_INFINITY;
  if (!from.some(matters)) return [];
  const size = graph.places.length;
  const flow: Flow = { heads: [], capacity: [], first: Array.from({ length: size + 2 }, () => []), hop: [] };
  const [source, sink] = [size, size + 1];
  for (const place of from) addEdge(flow, source, place, uncuttable);
  for (const place of to) if (matters(place)) addEdge(flow, place, sink, uncuttable);
  const targets = new Set(to);
  for (const hops of graph.out)
    for (const hop of hops) {
      if (!matters(hop.from) || !matters(hop.to) || targets.has(hop.from) || without.has(hop)) continue;
      addEdge(flow, hop.from, hop.to, hop.lever ? weigh(hop.lever) : uncuttable, hop);
    }
  if (saturate(flow, source, sink) >= uncuttable) return undefined;
  const levels = levelsFrom(flow, source);
  const cut = new Map<string, Lever>();
  for (let edge = 0; edge < flow.heads.length; edge += 2) {
    const lever = flow.hop[edge]?.lever;
    if (lever && levels[flow.heads[edge ^ 1]!] !== -1 && levels[flow.heads[edge]!] === -1) cut.set(lever.text, lever);
  }
  return [...cut.values()];
}

function addEdge({ heads, capacity, first, hop }: Flow, from: number, to: number, weight: number, of?: Hop): void {
  first[from]!.push(heads.length);
  heads.push(to);
  capacity.push(weight);
  hop.push(of);
  first[to]!.push(heads.length);
  heads.push(from);
  capacity.push(0);
  hop.push(undefined);
}

function saturate(flow: Flow, source: number, sink: number): number {
  let total = 0;
  for (;;) {
    const levels = levelsFrom(flow, source);
    if (levels[sink] === -1) return total;
    const tried = new Int32Array(levels.length);
    for (
      let pushed = push(flow, levels, tried, source, sink);
      pushed > 0;
      pushed = push(flow, levels, tried, source, sink)
    ) {
      total += pushed;
      if (total >= uncuttable) return total;
    }
  }
}

function levelsFrom({ heads, capacity, first }: Flow, source: number): Int32Array {
  const levels = new Int32Array(first.length).fill(-1);
  levels[source] = 0;
  const waiting = [source];
  for (const place of waiting)
    for (const edge of first[place]!)
      if (capacity[edge]! > 0 && levels[heads[edge]!] === -1) {
        levels[heads[edge]!] = levels[place]! + 1;
        waiting.push(heads[edge]!);
      }
  return levels;
}

/** One more way through the levels, walked without recursion: paths may be long. */
function push(
  { heads, capacity, first }: Flow,
  levels: Int32Array,
  tried: Int32Array,
  source: number,
  sink: number,
): number {
  const way: number[] = [];
  let place = source;
  while (place !== sink) {
    const edges = first[place]!;
    while (tried[place]! < edges.length) {
      const edge = edges[tried[place]!]!;
      if (capacity[edge]! > 0 && levels[heads[edge]!] === levels[place]! + 1) break;
      tried[place]!++;
    }
    if (tried[place]! < edges.length) {
      const edge = edges[tried[place]!]!;
      way.push(edge);
      place = heads[edge]!;
    } else {
      const back = way.pop();
      if (back === undefined) return 0;
      place = heads[back ^ 1]!;
      tried[place]!++;
    }
  }
  const amount = Math.min(...way.map((edge) => capacity[edge]!));
  for (const edge of way) {
    capacity[edge]! -= amount;
    capacity[edge ^ 1]! += amount;
  }
  return amount;
}
