import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HorizontalPodAutoscaler, Pod } from '../api/schema/types.d.ts';
import { type Past, rememberedMax, replicasFor, restrained, toleranceOf } from './autoscale.ts';

const pod = (name: string, isReady = true): Pod =>
  ({
    metadata: { name },
    spec: { containers: [{ name: 'c', resources: { requests: { cpu: '100m' } } }] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
  }) as unknown as Pod;
const half = { resource: 'cpu', averageUtilization: 50 };
const count = (pods: Pod[], usage: Record<string, number>, behavior?: object) => {
  const tolerance = toleranceOf(autoscaler(behavior));
  return replicasFor(pods, new Map(Object.entries(usage)), half, pods.length, tolerance)?.replicas;
};

test('the number of pods follows their use', () => {
  const two = [pod('a'), pod('b')];
  assert.equal(count(two, { a: 100, b: 100 }), 4);
  assert.equal(count(two, { a: 10, b: 10 }), 1);
  assert.equal(count(two, { a: 52, b: 53 }), 2, 'a difference of a tenth is noise');
  assert.equal(count(two, {}), undefined);
});

test('of one container only its own requests count', () => {
  const two = pod('a');
  two.spec!.containers.push({ name: 'side', resources: { requests: { cpu: '900m' } } } as any);
  const of = (container?: string) =>
    replicasFor([two], new Map([['a', 100]]), { ...half, container }, 1, toleranceOf(autoscaler()))?.replicas;
  assert.deepEqual([of(), of('c')], [1, 2]);
});

test('what is noise may be said for growing and for shrinking', () => {
  const two = [pod('a'), pod('b')];
  assert.equal(count(two, { a: 52, b: 52 }, { scaleUp: { tolerance: '0.03' } }), 3);
  assert.equal(count(two, { a: 60, b: 60 }, { scaleUp: { tolerance: '200m' } }), 2);
  assert.equal(count([...two, pod('c')], { a: 30, b: 30, c: 30 }, { scaleDown: { tolerance: '0.5' } }), 3);
});

test('pods beside those that are wanted do not turn shrinking into growing, nor their lack growing into shrinking', () => {
  const of = (pods: Pod[], milli: number, current: number) => {
    const usage = new Map(pods.map(({ metadata }) => [metadata.name, milli]));
    return replicasFor(pods, usage, half, current, toleranceOf(autoscaler()))?.replicas;
  };
  const five = ['a', 'b', 'c', 'd', 'e'].map((name) => pod(name));
  assert.equal(of(five, 44, 4), 4);
  assert.equal(of(five.slice(0, 2), 60, 4), 4);
});

test('where a container requests nothing, its share of the use is not known', () => {
  const two = pod('a');
  two.spec!.containers.push({ name: 'side' } as any);
  const of = (target: object) =>
    replicasFor([two], new Map([['a', 600]]), { resource: 'cpu', ...target }, 1, toleranceOf(autoscaler()))?.replicas;
  assert.equal(of({ averageUtilization: 50 }), undefined);
  assert.equal(of({ averageUtilization: 50, container: 'c' }), 12);
  assert.equal(of({ averageMilli: 300 }), 2);
  two.spec!.resources = { requests: { cpu: '300m' } };
  assert.equal(of({ averageUtilization: 50 }), 4, 'the pod as a whole requests something');
});

test('what is not known holds back: as idle before growing, as busy before shrinking', () => {
  assert.equal(count([pod('a'), pod('b', false)], { a: 100, b: 0 }), 2);
  assert.equal(count([pod('a'), pod('b')], { a: 10 }), 2);
});

const autoscaler = (behavior?: object) =>
  ({ spec: { minReplicas: 1, maxReplicas: 100, behavior } }) as HorizontalPodAutoscaler;

test('by default growing doubles or adds four, and shrinking waits five minutes', () => {
  const past: Past = { recommendations: [], changes: [] };
  assert.equal(restrained(autoscaler(), 50, 1, past, 0), 5);
  assert.equal(restrained(autoscaler(), 50, 10, { recommendations: [], changes: [] }, 0), 20);
  assert.equal(restrained(autoscaler(), 2, 5, past, 100_000), 5);
  assert.equal(restrained(autoscaler(), 2, 5, past, 301_000), 2);
});

test('policies limit what may change within their period', () => {
  const slow = { scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] } };
  const past: Past = { recommendations: [], changes: [{ atMs: 0, by: 1 }] };
  assert.equal(restrained(autoscaler(slow), 9, 3, past, 30_000), 3);
  assert.equal(restrained(autoscaler(slow), 9, 3, past, 61_000), 4);
  const never = { scaleDown: { selectPolicy: 'Disabled', stabilizationWindowSeconds: 0 } };
  assert.equal(restrained(autoscaler(never), 1, 5, { recommendations: [], changes: [] }, 0), 5);
});

test('the bounds hold whatever is recommended', () => {
  const bounded = { spec: { minReplicas: 2, maxReplicas: 3 } } as HorizontalPodAutoscaler;
  assert.equal(restrained(bounded, 50, 3, { recommendations: [], changes: [] }, 0), 3);
  assert.equal(restrained(bounded, 1, 1, { recommendations: [], changes: [] }, 0), 2);
});

test('what is seen for the first time does not shrink at once', () => {
  const past: Past = { recommendations: [], changes: [] };
  assert.equal(restrained(autoscaler(), 1, 5, past, 0), 5);
  assert.equal(restrained(autoscaler(), 1, 5, past, 299_000), 5);
  assert.equal(restrained(autoscaler(), 1, 5, past, 301_000), 1);
  const atOnce = autoscaler({ scaleDown: { stabilizationWindowSeconds: 0 } });
  assert.equal(restrained(atOnce, 1, 5, { recommendations: [], changes: [] }, 0), 1);
});

test('of what was recommended an hour is remembered, and no more than a number however often it is asked for', () => {
  const past: Past = { recommendations: [], changes: [] };
  for (let count = 0; count < rememberedMax + 5; count++) restrained(autoscaler(), 1, 1, past, count);
  assert.deepEqual([past.recommendations.length, past.recommendations[0]!.atMs], [rememberedMax, 5]);
  restrained(autoscaler(), 1, 1, past, 3600_000 + rememberedMax);
  assert.equal(past.recommendations.length, 6);
});
