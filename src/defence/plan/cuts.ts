import type { PathGraph } from '../paths/build.ts';
import { cheapestCut } from '../paths/cut.ts';
import type { Hop, Lever } from '../paths/graph.ts';
import { changesOf } from '../paths/simulate.ts';
import { tell } from '../paths/steps.ts';
import { asWeigh, type Breakage } from '../paths/weigh.ts';
import { aims } from '../paths/worst.ts';
import { type Assessment, assess, loads } from './risk.ts';
import type { Candidate } from './step.ts';

/** As many levers are tried in each round; those with less on them cannot win. */
const triedMax = 8;
/** More changes than this together are no step any more. */
const togetherMax = 5;
/** A step that removes less than this part of the risk is not worth a line. */
const leastShare = 0.005;
/** Nor one that removes less than these points: what one Secret behind flaws of two programs comes to is less. */
const leastPoints = 0.25;

type Cut = { hops: Hop[]; levers: Lever[]; removes: number; weight: number };

/**
 * Steps that cut paths, greedily: each removes the most risk for the least breakage after those before it. A single
 * lever is tried first; where paths run side by side so that none alone helps, the cheapest set that parts an aim.
 */
export function cutSteps(paths: PathGraph, breakage: (lever: Lever) => Breakage, limit: number): Candidate[] {
  const without = new Set<Hop>();
  const search: Search = { paths, without, breakage, hopsOf: leversOf(paths) };
  let state = assess(paths);
  const least = Math.max(state.risk.points * leastShare, leastPoints);
  const steps: Candidate[] = [];
  while (steps.length < limit) {
    const best = bestLever(search, state);
    const chosen = best !== undefined && best.removes >= least ? best : bestSet(search, state);
    if (chosen === undefined || chosen.removes < least) break;
    const why = closedBy(paths, state, chosen.hops);
    for (const hop of chosen.hops) without.add(hop);
    state = assess(paths, without);
    steps.push({
      ...{ type: 'path', why, removes: chosen.removes, hops: chosen.hops },
      what: chosen.levers.map(({ text }) => text),
      uses: [...new Set(chosen.levers.map((lever) => breakage(lever).text))],
      byHand: chosen.levers.some(({ edit }) => edit === undefined),
      make: (snapshot) => changesOf(snapshot, chosen.levers),
      ...(chosen.levers.length === 1 && chosen.levers[0]!.type === 'binding'
        ? { unbinds: chosen.levers[0]!.about }
        : {}),
    });
  }
  return steps;
}

/** `hopsOf`: every hop on which a lever of that text stands; it may take several things away. */
type Search = {
  paths: PathGraph;
  without: Set<Hop>;
  breakage: (lever: Lever) => Breakage;
  hopsOf: Map<string, Hop[]>;
};

const leversOf = ({ graph }: PathGraph): Map<string, Hop[]> =>
  Map.groupBy(
    graph.out.flatMap((hops) => hops.filter(({ lever }) => lever !== undefined)),
    ({ lever }) => lever!.text,
  );

function bestLever({ paths, without, breakage, hopsOf }: Search, state: Assessment): Cut | undefined {
  const byText = Map.groupBy(loads(state).entries(), ([hop]) => hop.lever!.text);
  const loaded = [...byText]
    .map(([text, entries]) => {
      const { weight } = breakage(entries[0]![0].lever!);
      return { hops: hopsOf.get(text)!, weight, load: entries.reduce((sum, [, load]) => sum + load, 0) };
    })
    .sort((a, b) => b.load / b.weight - a.load / a.weight)
    .slice(0, triedMax);
  const tried = loaded.map(({ hops, weight }): Cut => {
    const removes = state.risk.points - assess(paths, new Set([...without, ...hops])).risk.points;
    return { hops, levers: [hops[0]!.lever!], removes, weight };
  });
  return tried.sort((a, b) => b.removes / b.weight - a.removes / a.weight)[0];
}

function bestSet({ paths, without, breakage, hopsOf }: Search, state: Assessment): Cut | undefined {
  const sets = aims.flatMap(({ is }, at) => {
    const targets = paths.graph.places.filter(is).map(({ index }) => index);
    const { cost } = state.aims[at]!.ways;
    const starts = state.starts.filter((start) => Number.isFinite(cost(start)));
    const outside = starts.filter(({ type }) => type === 'internet');
    return [outside, starts].flatMap((from) => {
      if (from.length === 0) return [];
      const levers = cheapestCut(
        paths.graph,
        from.map(({ index }) => index),
        targets,
        asWeigh(breakage),
        without,
      );
      if (levers === undefined || levers.length === 0 || levers.length > togetherMax) return [];
      const hops = levers.flatMap(({ text }) => hopsOf.get(text)!);
      const removes = state.risk.points - assess(paths, new Set([...without, ...hops])).risk.points;
      return [{ hops, levers, removes, weight: levers.reduce((sum, lever) => sum + breakage(lever).weight, 0) }];
    });
  });
  return sets.sort((a, b) => b.removes / b.weight - a.removes / a.weight)[0];
}

const toldMax = 2;

/** The worst paths that run over these hops, as `from → … → to`. */
function closedBy(paths: PathGraph, { starts, aims: each }: Assessment, hops: Hop[]): string[] {
  const gone = new Set(hops);
  const found = each.flatMap(({ ways }) =>
    starts.flatMap((start) => {
      const path = ways.hops(start);
      if (!path?.some((hop) => gone.has(hop))) return [];
      const rank = (start.type === 'internet' ? 0 : 100) + ways.cost(start);
      return [{ path, rank, to: path.at(-1)!.to }];
    }),
  );
  const byTarget = [
    ...Map.groupBy(
      found.toSorted((a, b) => a.rank - b.rank),
      ({ to }) => to,
    ).values(),
  ];
  const told = byTarget.slice(0, toldMax).map((group) => {
    const { steps, cost } = tell(paths, group[0]!.path);
    const places = [steps[0]!.from, ...steps.map(({ to }) => to)].join(' → ');
    const more = group.length > 1 ? ` (cost ${cost}; ${group.length - 1} more like it)` : ` (cost ${cost})`;
    return `closes ${places}${more}`;
  });
  return told;
}
