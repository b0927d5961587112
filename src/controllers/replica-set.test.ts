import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, ReplicaSet } from '../api/schema/types.d.ts';
import { createCache } from '../client/cache.ts';
import { systemClock } from '../foundation/clock.ts';
import { createLog } from '../foundation/log.ts';
import { runController } from '../reconcile/run.ts';
import { podsToDelete, replicaSetController, replicationController, statusOf } from './replica-set.ts';
import { startCluster } from './testing/cluster.ts';

const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
const set = (replicas: number) => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'web', namespace: 'default' },
  spec: { replicas, selector: { matchLabels: { app: 'web' } }, template },
});

test('a set makes its pods, replaces a deleted one, and shrinks', async (t) => {
  const { client, caches, eventually, playNode } = await startCluster(t, [replicaSetController()]);
  playNode('node-1');
  await client.create('replicasets.apps', set(3));
  const ready = (count: number) => () => {
    const { status } = caches('replicasets.apps').get('default', 'web') ?? ({} as any);
    return (status?.readyReplicas ?? 0) === count && status?.replicas === count;
  };
  await eventually('replicasets.apps', ready(3));
  const [first] = caches('pods').list('default');
  assert.match(first!.metadata.name, /^web-[a-z0-9]{5}$/);
  await client.delete('pods', { namespace: 'default', name: first!.metadata.name });
  await eventually('pods', () => !caches('pods').get('default', first!.metadata.name));
  await eventually('replicasets.apps', ready(3));
  const body = { spec: { replicas: 1 } };
  await client.patch('replicasets.apps', { namespace: 'default', name: 'web' }, { type: 'merge', body });
  await eventually('replicasets.apps', ready(1));
  assert.equal(caches('pods').list('default').length, 1);
});

test('an orphan that matches is adopted, and a pod that matches no longer is released', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [replicaSetController()]);
  const metadata = { name: 'lone', namespace: 'default', labels: { app: 'web' } };
  await client.create('pods', { apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec });
  const created = await client.create<ReplicaSet>('replicasets.apps', set(1));
  const lone = () => caches('pods').get('default', 'lone')?.metadata;
  await eventually('pods', () => lone()?.ownerReferences?.[0]?.uid === created.metadata.uid);
  assert.equal(caches('pods').list().length, 1);
  const body = { metadata: { labels: { app: 'other' } } };
  await client.patch('pods', { namespace: 'default', name: 'lone' }, { type: 'merge', body });
  await eventually('pods', () => !lone()?.ownerReferences?.length && caches('pods').list().length === 2);
});

test('a replication controller does the same with a plain selector', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [replicationController()]);
  const metadata = { name: 'old', namespace: 'default' };
  const spec = { replicas: 2, selector: { app: 'web' }, template };
  await client.create('replicationcontrollers', { apiVersion: 'v1', kind: 'ReplicationController', metadata, spec });
  await eventually('pods', () => caches('pods').list().length === 2);
});

test('pods that are worth least go first', () => {
  const pod = (name: string, spec: object, status: object, annotations = {}): Pod =>
    ({ metadata: { name, annotations, creationTimestamp: '2026-01-01T00:00:00Z' }, spec, status }) as Pod;
  const ready = (time: string) => ({
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: time }],
  });
  const pods = [
    pod('old', { nodeName: 'a' }, ready('2026-01-01T00:00:00Z')),
    pod('young', { nodeName: 'a' }, ready('2026-01-02T00:00:00Z')),
    pod('crowded', { nodeName: 'b' }, ready('2026-01-01T00:00:00Z')),
    pod('cheap', { nodeName: 'a' }, ready('2026-01-01T00:00:00Z'), {
      'controller.kubernetes.io/pod-deletion-cost': '-5',
    }),
    pod('unready', { nodeName: 'a' }, { phase: 'Running' }),
    pod('pending', { nodeName: 'a' }, { phase: 'Pending' }),
    pod('unplaced', {}, { phase: 'Pending' }),
  ];
  const order = podsToDelete(pods, pods.length, (node) => (node === 'b' ? 2 : 1)).map((one) => one.metadata.name);
  assert.deepEqual(order, ['unplaced', 'pending', 'unready', 'cheap', 'crowded', 'young', 'old']);
});

test('a failure that goes on does not change the status, though each attempt names another pod', () => {
  const failure = (pod: string) => ({
    reason: 'FailedCreate' as const,
    error: new Error(`pods "${pod}" is forbidden`),
  });
  const set = { metadata: { name: 'web' }, spec: {} } as ReplicaSet;
  const first = statusOf(set, [], failure('web-1'), 1000);
  const second = statusOf({ ...set, status: first }, [], failure('web-2'), 9000);
  assert.deepEqual(second, first);
  assert.equal(statusOf({ ...set, status: second }, [], undefined, 9000).conditions, undefined);
});

test('pods that were left behind on purpose are not adopted again by a set that goes, though the cache does not know', async (t) => {
  const { client, caches, eventually } = await startCluster(t, []);
  const log = createLog('test', 'silent');
  const place = { namespace: 'default', name: 'web' };
  await client.create('replicasets.apps', set(2));
  const behind = createCache(client, 'replicasets.apps', {}, { clock: systemClock, log });
  await behind.synced();
  behind.stop();
  await client.delete('replicasets.apps', place, { propagationPolicy: 'Orphan' });
  const metadata = { ...template.metadata, name: 'left', namespace: 'default' };
  await client.create('pods', { apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec });
  await caches('pods').synced();
  const seen = Object.assign((resource: string) => (resource === 'replicasets.apps' ? behind : caches(resource)), {
    watched: () => [],
    stop() {},
  });
  const running = runController(replicaSetController(), { client, caches: seen, clock: systemClock, log });
  t.after(running.stop);
  await eventually('pods', () => caches('pods').list().length > 1);
  assert.equal(caches('pods').get('default', 'left')!.metadata.ownerReferences, undefined);
});
