import assert from 'node:assert/strict';
import { test } from 'node:test';
import { preempt } from './preempt.ts';
import { describe, detailOf } from './reasons.ts';
import { type NoPlacement, schedule } from './schedule.ts';
import { buildInfo, buildNode, buildWorld } from './testing/builders.ts';

const nodes = [
  buildNode('n1', { labels: { 'rempart.io/node-group': 'small' }, allocatable: { cpu: '1' } }),
  buildNode('n2', { labels: { 'rempart.io/node-group': 'small' }, allocatable: { cpu: '1500m' } }),
  buildNode('n3', { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }], allocatable: { cpu: '1' } }),
];
const pod = buildInfo('x', { requests: { cpu: '2' } });
const world = buildWorld(nodes);
const refused = schedule(pod, world) as NoPlacement;

test('the message is the one that upstream users know', () => {
  const preemption = preempt(pod, world, refused, []);
  assert.ok(preemption.node === undefined);
  assert.equal(
    describe(refused, 3, preemption),
    '0/3 nodes are available: 1 node(s) had untolerated taint {gpu: yes}, 2 Insufficient cpu. ' +
      'preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
  );
});

test('a cluster without nodes says so', () => {
  assert.equal(
    describe({ node: undefined, verdicts: [], everywhere: undefined }, 0),
    'no nodes available to schedule pods',
  );
});

test('programs are told per group and plugin why, and which nodes came nearest', () => {
  const detail = detailOf(pod, world, refused);
  assert.deepEqual(detail.groups, [
    { group: 'rempart.io/node-group=small', nodes: 2, refused: { NodeResourcesFit: { 'Insufficient cpu': 2 } } },
    {
      group: 'other nodes',
      nodes: 1,
      refused: { TaintToleration: { 'node(s) had untolerated taint {gpu: yes}': 1 } },
    },
  ]);
  const [, second, third] = detail.nearest;
  assert.deepEqual(second, {
    node: 'n2',
    lacks: [{ plugin: 'NodeResourcesFit', reason: 'Insufficient cpu', distance: 'needs 2 cpu, 1500m free' }],
  });
  assert.deepEqual(
    third?.lacks.map(({ plugin }) => plugin),
    ['TaintToleration', 'NodeResourcesFit'],
  );
});
