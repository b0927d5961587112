import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMemo, templatesMax } from './memo.ts';
import { plugins } from './plugins.ts';
import { schedule } from './schedule.ts';
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
    labels: { zone },
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
        const world = buildWorld(nodes.map((node, index) => toNode(index, node)));
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

test('a node is asked again only after it changed, and of templates too many the oldest is forgotten', () => {
  const world = buildWorld([buildNode('n1')]);
  const node = world.node('n1')!;
  const memo = createMemo();
  let asked = 0;
  const ask = (cpu: number) =>
    memo.of(buildInfo('x', { requests: { cpu: `${cpu}` } }))(0, node, () => {
      asked++;
      return { node, verdict: undefined, scores: [] };
    });
  ask(0);
  ask(0);
  assert.equal(asked, 1);
  world.place(buildInfo('y', { nodeName: 'n1' }));
  ask(0);
  assert.equal(asked, 2);
  for (let cpu = 1; cpu < templatesMax; cpu++) ask(cpu);
  ask(0);
  assert.equal(asked, templatesMax + 1);
  ask(templatesMax);
  ask(1);
  assert.equal(asked, templatesMax + 3);
});

test('no local plugin refuses after one that is not: the first reason in the list is the one that is told', () => {
  const refusing = plugins.filter(({ filter }) => filter !== undefined).map(({ local }) => local === true);
  assert.deepEqual(
    refusing,
    refusing.toSorted((one, other) => Number(other) - Number(one)),
  );
});
