import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, PodDisruptionBudget } from '../api/schema/types.d.ts';
import { budgetStatus, disruptionController } from './disruption.ts';
import { startCluster } from './testing/cluster.ts';

const budget = (spec: object) =>
  ({
    ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { namespace: 'default', name: 'b' } },
    spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
  }) as PodDisruptionBudget;
const pod = (name: string, isReady = true): Pod =>
  ({
    metadata: { name, namespace: 'default', labels: { app: 'web' } },
    status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
  }) as unknown as Pod;

test('a budget says how many pods may go', () => {
  const allowed = (spec: object, pods: Pod[], wanted: number) => {
    const { desiredHealthy, currentHealthy, disruptionsAllowed } = budgetStatus(budget(spec), pods, wanted, 0);
    return [desiredHealthy, currentHealthy, disruptionsAllowed];
  };
  const three = [pod('a'), pod('b'), pod('c', false)];
  assert.deepEqual(allowed({ minAvailable: 1 }, three, 3), [1, 2, 1]);
  assert.deepEqual(allowed({ minAvailable: '50%' }, three, 3), [2, 2, 0]);
  assert.deepEqual(allowed({ maxUnavailable: 1 }, three, 3), [2, 2, 0]);
  assert.deepEqual(allowed({ maxUnavailable: 1 }, three, 4), [3, 2, 0]);
  assert.deepEqual(allowed({ minAvailable: 0 }, [], 0), [0, 0, 0]);
});

test('a pod whose eviction was allowed is not healthy any longer, for two minutes', () => {
  const old = { ...budget({ minAvailable: 1 }), status: { disruptedPods: { a: '1970-01-01T00:00:00Z' } } };
  const at = (nowMs: number) => budgetStatus(old as unknown as PodDisruptionBudget, [pod('a'), pod('b')], 2, nowMs);
  assert.deepEqual([at(1000).disruptionsAllowed, at(1000).disruptedPods], [0, { a: '1970-01-01T00:00:00Z' }]);
  assert.deepEqual([at(121_000).disruptionsAllowed, at(121_000).disruptedPods], [1, undefined]);
});

test('a budget follows its pods', async (t) => {
  const { client, caches, eventually, playNode } = await startCluster(t, [disruptionController()]);
  playNode('n1');
  await client.create('poddisruptionbudgets.policy', budget({ minAvailable: 1 }));
  for (const name of ['a', 'b']) {
    const { metadata } = pod(name);
    await client.create('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
  }
  const now = () => caches('poddisruptionbudgets.policy').get('default', 'b') as PodDisruptionBudget | undefined;
  await eventually('poddisruptionbudgets.policy', () => now()?.status?.disruptionsAllowed === 1);
});

test('what controllers of an unknown size want is not guessed: only a number of pods that must stay lets one go', async (t) => {
  const { client, caches, eventually, playNode } = await startCluster(t, [disruptionController()]);
  playNode('n1');
  const named = (name: string, spec: object) => ({ ...budget(spec), metadata: { namespace: 'default', name } });
  for (const [name, spec] of [
    ['share', { minAvailable: '50%' }],
    ['less', { maxUnavailable: 1 }],
    ['number', { minAvailable: 1 }],
  ] as const)
    await client.create('poddisruptionbudgets.policy', named(name, spec));
  const owned = { apiVersion: 'db.example.com/v1', kind: 'Database', name: 'main', uid: 'u', controller: true };
  for (const [name, ownerReferences] of [
    ['a', [owned]],
    ['b', [owned]],
    ['c', []],
  ] as const) {
    const metadata = { ...pod(name).metadata, ownerReferences: [...ownerReferences] };
    await client.create('pods', {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'c', image: 'i' }] } },
    });
  }
  const now = (name: string) =>
    (caches('poddisruptionbudgets.policy').get('default', name) as PodDisruptionBudget | undefined)?.status;
  await eventually('poddisruptionbudgets.policy', () => now('number')?.disruptionsAllowed === 2);
  for (const name of ['share', 'less']) {
    await eventually('poddisruptionbudgets.policy', () => now(name)?.conditions?.[0]?.reason === 'SyncFailed');
    assert.equal(now(name)!.disruptionsAllowed, 0);
    assert.match(now(name)!.conditions![0]!.message, /size of Database main.*minAvailable as a number/);
  }
});

test('pods without a controller are wanted by nobody: a share of them lets none go', () => {
  const { disruptionsAllowed } = budgetStatus(budget({ maxUnavailable: 1 }), [pod('a'), pod('b')], 0, 0);
  assert.equal(disruptionsAllowed, 0);
});
