import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cheapestCut } from './cut.ts';
import { createGraph, type Lever } from './graph.ts';
import { distancesTo, pathFrom } from './search.ts';

const lever = (text: string): Lever => ({ type: 'binding', about: '', text });

function diamond() {
  const graph = createGraph();
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id) => graph.place(id, 'between', id)) as [any, any, any, any];
  const hop = (cost: number, text?: string) => ({ cost, why: '', by: [], ...(text ? { lever: lever(text) } : {}) });
  graph.hop(a, b, hop(1, 'ab'));
  graph.hop(a, c, hop(2, 'ac'));
  graph.hop(b, d, hop(5, 'bd'));
  graph.hop(c, d, hop(1, 'cd'));
  return { graph, a, b, c, d };
}

test('the cheapest way is taken, also where a later hop decides', () => {
  const { graph, a, d } = diamond();
  const distances = distancesTo(graph, [d.index]);
  assert.equal(distances.cost[a.index], 3);
  assert.deepEqual(
    pathFrom(distances, a.index)!.map(({ to }) => graph.places[to]!.id),
    ['c', 'd'],
  );
});

test('a cut takes the lightest levers of every way', () => {
  const { graph, a, d } = diamond();
  const weights: Record<string, number> = { ab: 5, ac: 1, bd: 2, cd: 9 };
  const cut = cheapestCut(graph, [a.index], [d.index], ({ text }) => weights[text]!);
  assert.deepEqual(cut!.map(({ text }) => text).sort(), ['ac', 'bd']);
  assert.deepEqual(
    cheapestCut(graph, [d.index], [a.index], () => 1),
    [],
  );
});

test('a way without a lever cannot be cut', () => {
  const { graph, a, d } = diamond();
  graph.hop(a, d, { cost: 9, why: '', by: [] });
  assert.equal(
    cheapestCut(graph, [a.index], [d.index], () => 1),
    undefined,
  );
});

test('more hops than the bound are refused, as many as it are not', () => {
  const fill = (count: number) => {
    const graph = createGraph(3);
    const places = Array.from({ length: count + 1 }, (_, at) => graph.place(`p${at}`, 'between', ''));
    for (let at = 0; at < count; at++) graph.hop(places[at]!, places[at + 1]!, { cost: 0, why: '', by: [] });
  };
  fill(3);
  assert.throws(() => fill(4), /more than 3 hops/);
});
