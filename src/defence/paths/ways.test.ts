import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../../test/property.ts';
import type { PathGraph } from './build.ts';
import { createGraph, type Hop, type Place } from './graph.ts';
import { distancesTo } from './search.ts';
import { waysTo } from './ways.ts';

type Edge = [from: number, to: number, cost: number];

/** Workloads w0…, of which some are given a Secret (the same one perhaps), and hops between anything. */
function graphOf(given: (number | undefined)[], secrets: number, edges: Edge[]) {
  const graph = createGraph();
  const workloads = given.map((_, index) => graph.place(`w${index}`, 'workload', `w${index}`));
  const between = [0, 1, 2].map((index) => graph.place(`b${index}`, 'between', `b${index}`));
  const targets = Array.from({ length: secrets }, (_, index) => graph.place(`s${index}`, 'secret', `s${index}`));
  const all = [...workloads, ...between];
  const hop = (from: Place, to: Place, cost: number) => graph.hop(from, to, { cost, why: '', by: [] });
  for (const [index, secret] of given.entries())
    if (secret !== undefined) hop(workloads[index]!, targets[secret % secrets]!, 1);
  for (const [from, to, cost] of edges) {
    const source = all[from % all.length]!;
    // Only what is between has a right to a Secret: a hop of a workload is what it was given.
    const ends = source.type === 'workload' ? all : [...all, ...targets];
    hop(source, ends[to % ends.length]!, cost);
  }
  return { graph, workloads };
}

test('what a workload reaches past its own Secret is what a search without it finds', () => {
  const edge = fc.tuple(fc.nat(20), fc.nat(20), fc.integer({ min: 0, max: 3 })) as fc.Arbitrary<Edge>;
  const given = fc.array(fc.option(fc.nat(3), { nil: undefined }), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(given, fc.integer({ min: 1, max: 4 }), fc.array(edge, { maxLength: 16 }), (own, secrets, edges) => {
      const { graph, workloads } = graphOf(own, secrets, edges);
      const ways = waysTo({ graph } as unknown as PathGraph, ({ type }) => type === 'secret');
      for (const workload of workloads) {
        const mine = graph.out[workload.index]!.find(({ to }) => graph.places[to]!.type === 'secret')?.to;
        const others = graph.places.filter(({ type, index }) => type === 'secret' && index !== mine);
        const { cost } = distancesTo(
          graph,
          others.map(({ index }) => index),
        );
        assert.equal(ways.cost(workload), cost[workload.index]);
        const hops = ways.hops(workload) ?? [];
        assert.equal(
          hops.length === 0 ? Number.POSITIVE_INFINITY : hops.reduce((sum, hop) => sum + hop.cost, 0),
          cost[workload.index],
        );
        assert.ok(connected(workload, hops), 'hops follow one another');
      }
    }),
  );
});

const connected = (from: Place, hops: Hop[]): boolean =>
  hops.every((hop, index) => hop.from === (index === 0 ? from.index : hops[index - 1]!.to));
