import type { PathGraph } from '../paths/build.ts';
import type { Hop, Place } from '../paths/graph.ts';
import { distancesTo } from '../paths/search.ts';
import { type Ways, waysTo } from '../paths/ways.ts';
import { aims, isStart } from '../paths/worst.ts';

/**
 * What an intruder gains, in points: the whole cluster, a node with all that runs on it, Secrets that are not the
 * intruder's own.
 */
const values: Record<string, number> = { 'cluster-admin': 1000, nodes: 500, secrets: 200 };

/** How likely it is that an intruder stands there already: outside surely, elsewhere by a stolen password or image. */
const presence = ({ type }: Place): number => (type === 'internet' ? 1 : 1 / 64);

/** Each step of cost halves the chance of success. */
const chance = (cost: number): number => 2 ** -cost;

export type Risk = {
  points: number;
  /** Of each aim, and the part of it that begins outside. */
  byAim: { aim: string; points: number; fromInternet: number }[];
};

/** The state of a plan: what was found from every start, with some hops taken away. */
export type Assessment = { risk: Risk; starts: Place[]; aims: { aim: string; ways: Ways }[] };

/**
 * risk = Σ over starts and aims of presence(start) × value(aim) × 2^(−cost of the easiest path between them).
 * `without`: hops that are taken for gone.
 */
export function assess(paths: PathGraph, without: Set<Hop> = new Set()): Assessment {
  const starts = paths.graph.places.filter(isStart);
  const ways = aims.map(({ name, is }) => ({ aim: name, ways: waysTo(paths, is, without) }));
  const byAim = ways.map(({ aim, ways: { cost } }) => {
    let [points, fromInternet] = [0, 0];
    for (const start of starts) {
      const added = presence(start) * values[aim]! * chance(cost(start));
      points += added;
      if (start.type === 'internet') fromInternet += added;
    }
    return { aim, points, fromInternet };
  });
  return { risk: { points: byAim.reduce((sum, { points }) => sum + points, 0), byAim }, starts, aims: ways };
}

/** How much of the risk goes over each hop that has a lever: no more can be gained by taking it away. */
export function loads({ starts, aims: each }: Assessment): Map<Hop, number> {
  const found = new Map<Hop, number>();
  for (const { aim, ways } of each)
    for (const start of starts) {
      const share = presence(start) * values[aim]! * chance(ways.cost(start));
      if (share === 0) continue;
      for (const hop of ways.hops(start)!) if (hop.lever) found.set(hop, (found.get(hop) ?? 0) + share);
    }
  return found;
}

const severityPoints = { low: 0.5, medium: 2, high: 8, critical: 30 } as const;

/** What findings weigh: their severity, by the chance that an intruder comes to the workload that they are about. */
export function findingPoints(paths: PathGraph): (severity: keyof typeof severityPoints, workload: string) => number {
  const internet = paths.graph.find('internet');
  const reached = new Map<string, number>();
  if (internet !== undefined) {
    const cost = costFrom(paths, internet.index);
    for (const { id, index } of paths.graph.places)
      if (id.startsWith('workload:')) reached.set(id, chance(cost[index]!));
  }
  return (severity, workload) => severityPoints[severity] * Math.max(reached.get(workload) ?? 0, 1 / 64);
}

/** Forwards: the same search on the graph turned round. */
function costFrom({ graph }: PathGraph, from: number): Float64Array {
  const turned = (hops: Hop[]): Hop[] => hops.map((hop) => ({ ...hop, from: hop.to, to: hop.from }));
  const into = graph.out.map(turned);
  return distancesTo({ ...graph, into }, [from]).cost;
}
