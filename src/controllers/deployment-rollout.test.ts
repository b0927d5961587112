import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment, ReplicaSet } from '../api/schema/types.d.ts';
import {
  desiredReplicas,
  isScalingEvent,
  limitsOf,
  maxReplicas,
  newSetReplicas,
  proportionalScale,
  recreateStep,
  rollingStep,
  type Scale,
} from './deployment-rollout.ts';

const deployment = (replicas: number, maxSurge: number | string = 1, maxUnavailable: number | string = 0) =>
  ({
    spec: { replicas, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } } },
  }) as Deployment;
const set = (name: string, replicas: number, availableReplicas = replicas, annotations = {}): ReplicaSet =>
  ({
    metadata: { name, creationTimestamp: name, annotations },
    spec: { replicas },
    status: { replicas, availableReplicas },
  }) as unknown as ReplicaSet;
const show = (scales: Scale[]) => scales.map(({ set, replicas }) => `${set.metadata.name}=${replicas}`).join(' ');

test('limits are percentages or numbers, and never both nothing', () => {
  assert.deepEqual(limitsOf(deployment(10, '25%', '25%')), { surge: 3, unavailable: 2 });
  assert.deepEqual(limitsOf(deployment(4, 0, 0)), { surge: 0, unavailable: 1 });
  assert.deepEqual(limitsOf(deployment(2, 1, 5)), { surge: 1, unavailable: 2 });
});

test('a deployment that is scaled from nothing while it is paused runs its youngest set', () => {
  assert.equal(show(proportionalScale(deployment(3), undefined, [set('1', 0), set('2', 0)])), '2=3');
});

test('a new set starts within the surge', () => {
  assert.equal(newSetReplicas(deployment(4, 1), undefined, [set('old', 4)]), 1);
  assert.equal(newSetReplicas(deployment(4, '50%'), undefined, [set('old', 4)]), 2);
  assert.equal(newSetReplicas(deployment(4, 0, 1), undefined, [set('old', 4)]), 0);
  assert.equal(newSetReplicas(deployment(4, 1), undefined, []), 4);
});

test('a rollout grows the new set, then shrinks old ones as the new becomes available', () => {
  const step = (newest: ReplicaSet, ...old: ReplicaSet[]) => show(rollingStep(deployment(4), newest, old));
  assert.equal(step(set('new', 0), set('old', 4)), 'new=1');
  assert.equal(step(set('new', 1, 0), set('old', 4)), '', 'the new pod is not available yet');
  assert.equal(step(set('new', 1), set('old', 4)), 'old=3');
  assert.equal(step(set('new', 1), set('old', 3)), 'new=2');
  assert.equal(step(set('new', 4), set('old', 1)), 'old=0');
  assert.equal(step(set('new', 4)), '');
  assert.equal(step(set('new', 6), set('old', 0)), 'new=4');
});

test('old pods that do not work go first, of all sets', () => {
  const scales = rollingStep(deployment(4, 1, 1), set('new', 1, 0), [set('a', 2, 0), set('b', 2, 2)]);
  assert.equal(show(scales), 'a=1');
});

test('recreate waits for the last old pod', () => {
  const wanted = { spec: { replicas: 2, strategy: { type: 'Recreate' } } } as Deployment;
  assert.equal(show(recreateStep(wanted, undefined, [set('old', 2)], true)), 'old=0');
  assert.equal(show(recreateStep(wanted, set('new', 0), [set('old', 0)], true)), '');
  assert.equal(show(recreateStep(wanted, set('new', 0), [set('old', 0)], false)), 'new=2');
});

test('scaling half way through a rollout keeps the proportion', () => {
  const sized = (wanted: number, most: number) => ({ [desiredReplicas]: `${wanted}`, [maxReplicas]: `${most}` });
  const [newest, old] = [set('new', 4, 4, sized(10, 12)), set('old', 8, 8, sized(10, 12))];
  assert.ok(isScalingEvent(deployment(20, 2), [newest, old]));
  assert.ok(!isScalingEvent(deployment(10, 2), [newest, old]));
  assert.equal(show(proportionalScale(deployment(20, 2), newest, [old])), 'old=15 new=7');
  assert.equal(show(proportionalScale(deployment(5, 1), newest, [old])), 'old=4 new=2');
  assert.equal(show(proportionalScale(deployment(0, 1), newest, [old])), 'old=0 new=0');
});

test('a single set takes the whole size, and a rollout that is done lets old ones go', () => {
  assert.equal(show(proportionalScale(deployment(7), set('new', 3), [set('old', 0)])), 'new=7');
  const done = set('new', 3, 3, { [desiredReplicas]: '3' });
  assert.equal(show(proportionalScale(deployment(3), done, [set('old', 1, 1, { [desiredReplicas]: '5' })])), 'old=0');
});
