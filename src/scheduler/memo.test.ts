import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../test/property.ts';
import { createMemo, templatesMax } from './memo.ts';
import { plugins } from './plugins.ts';
import { schedule } from './schedule.ts';
import { createWorld } from './snapshot.ts';
import { buildInfo, buildNode, buildWorld } from './testing/builders.ts';

const spread = (whenUnsatisfiable: string) => ({
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable, labelSelector: { matchLabels: { app: 'x' } } },
  ],
});
const apart = { labelSelector: { matchLabels: { app: 'x' } }, topologyKey: 'kubernetes.io/hostname' };
const inZone = (zone: string) => ({ matchExpressions: [{ key: 'zone', operator: 'In', values: [zone] }] });

/** One of each kind of demand, local to a node and not. */
const templates: Parameters<typeof buildInfo>[1][] = [
  {},
  { requests: { cpu: '1' } },
  { requests: { cpu: '500m', memory: '3Gi' }, priority: 10 },
  { requests: { 'example.com/gpu': '1' } },
  { hostPort: 80 },
  { tolerations: [{ operator: 'Exists' }] },
  { nodeSelector: { zone: 'a' } },
  {
    affinity: {
      nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 5, preference: inZone('b') }] },
    },
  },
  spread('DoNotSchedule'),
  spread('ScheduleAnyway'),
  { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [apart] } } },
];

const anyNode = fc.record({
  zone: fc.constantFrom('a', 'b', 'c'),
  cpu: fc.constantFrom('1', '2', '4'),
  gpus: fc.constantFrom('0', '2'),
  taint: fc.constantFrom(undefined, 'NoSchedule', 'PreferNoSchedule'),
  unschedulable: fc.boolean(),
});
const anyStep = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('add' as const), template: fc.nat(templates.length - 1) }) },
  fc.record({ do: fc.constant('remove' as const), pod: fc.nat(30) }),
  fc.record({ do: fc.constant('change' as const), name: fc.nat(5), node: anyNode }),
  fc.record({ do: fc.constant('drop' as const), name: fc.nat(5) }),
  fc.record({ do: fc.constant('promise' as const), name: fc.nat(5), template: fc.nat(templates.length - 1) }),
);

const toNode = (name: number, { zone, cpu, gpus, taint, unschedulable }: any) =>
  buildNode(`n${name}`, {
    labels: { zone, 'topology.kubernetes.io/zone': zone },
    allocatable: { cpu, pods: '4', 'example.com/gpu': gpus },
    taints: taint === undefined ? [] : [{ key: 't', effect: taint }],
    unschedulable,
  });

/** Numbers from 0 to 1, the same ones for the same seed. */
function draws(seed: number): () => number {
  let drawn = seed;
  return () => {
    drawn = (drawn * 48_271) % 2_147_483_647;
    return (drawn % 1000) / 1000;
  };
}

test('what is remembered changes no decision and no reason, whatever happens in between', () => {
  fc.assert(
    fc.property(
      fc.array(anyNode, { maxLength: 6 }),
      fc.array(anyStep, { maxLength: 40 }),
      fc.integer({ min: 1, max: 1000 }),
      (nodes, steps, seed) => {
        // Those that ask for nothing are spread by default.
        const world = createWorld({ siblings: () => ({ matchLabels: { app: 'x' } }) });
        for (const [index, node] of nodes.entries()) world.setNode(toNode(index, node));
        const memo = createMemo();
        let made = 0;
        const info = (template: number) => buildInfo(`p${made++}`, { labels: { app: 'x' }, ...templates[template] });
        for (const step of steps) {
          if (step.do === 'remove') world.unplace(`uid-default-p${step.pod}`);
          else if (step.do === 'change') world.setNode(toNode(step.name, step.node));
          else if (step.do === 'drop') world.removeNode(`n${step.name}`);
          else if (step.do === 'promise') world.nominate(info(step.template), `n${step.name}`);
          else {
            const pod = info(step.template);
            const startIndex = world.nodes.length === 0 ? 0 : seed % world.nodes.length;
            const draw = () => draws(seed + made);
            const plain = schedule(pod, world, { startIndex, random: draw() });
            const remembered = schedule(pod, world, { startIndex, random: draw(), memo });
            assert.equal(remembered.node, plain.node);
            assert.deepEqual(remembered, plain);
            if (plain.node === undefined) continue;
            pod.nodeName = plain.node.name;
            world.place(pod);
          }
        }
      },
    ),
  );
});

test('of templates too many the oldest is forgotten, and more nodes need a new sheet', () => {
  const memo = createMemo();
  const sheetOf = (cpu: number, nodes = 2) => memo.of(buildInfo('x', { requests: { cpu: `${cpu}` } }), nodes, 1);
  const first = sheetOf(0);
  for (let cpu = 1; cpu < templatesMax; cpu++) sheetOf(cpu);
  assert.equal(sheetOf(0), first);
  const second = sheetOf(1);
  sheetOf(templatesMax);
  assert.equal(sheetOf(1), second);
  sheetOf(templatesMax + 1);
  sheetOf(templatesMax + 2);
  assert.equal(sheetOf(0), first);
  assert.notEqual(sheetOf(0, 3), first);
});

test('a node is asked again only after it changed', () => {
  const world = buildWorld([buildNode('n1'), buildNode('n2')]);
  const memo = createMemo();
  const sheet = memo.of(buildInfo('x'), 2, 3);
  schedule(buildInfo('x'), world, { memo });
  const before = [...sheet.stamps];
  world.place(buildInfo('y', { nodeName: 'n2' }));
  schedule(buildInfo('x'), world, { memo });
  assert.equal(sheet.stamps[0], before[0]);
  assert.notEqual(sheet.stamps[1], before[1]);
});

test('no local plugin refuses after one that is not: the first reason in the list is the one that is told', () => {
  const refusing = plugins.filter(({ filter }) => filter !== undefined).map(({ local }) => local === true);
  assert.deepEqual(
    refusing,
    refusing.toSorted((one, other) => Number(other) - Number(one)),
  );
});
