import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject, OwnerReference } from '../api/object.ts';
import { systemClock } from '../foundation/clock.ts';
import { createLog } from '../foundation/log.ts';
import { runController } from '../reconcile/run.ts';
import { garbageCollector } from './garbage-collector.ts';
import { startCluster, type TestCluster } from './testing/cluster.ts';

async function create({ client }: TestCluster, name: string, owners: KubernetesObject[] = [], block = true) {
  const ownerReferences: OwnerReference[] = owners.map(({ apiVersion, kind, metadata }) => ({
    ...{ apiVersion, kind, name: metadata.name, uid: metadata.uid!, blockOwnerDeletion: block },
  }));
  const metadata = { name, namespace: 'default', ownerReferences };
  return client.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata });
}

const names = ({ caches }: TestCluster) =>
  caches('configmaps')
    .list('default')
    .map(({ metadata }) => metadata.name)
    .sort();
const place = (name: string) => ({ namespace: 'default', name });

test('what has lost all its owners goes, through every generation', async (t) => {
  const cluster = await startCluster(t, [garbageCollector()]);
  const one = await create(cluster, 'one');
  const two = await create(cluster, 'two');
  const child = await create(cluster, 'child', [one]);
  await create(cluster, 'grandchild', [child]);
  await create(cluster, 'shared', [one, two]);
  await cluster.client.delete('configmaps', place('one'));
  await cluster.eventually('configmaps', () => names(cluster).length === 2);
  assert.deepEqual(names(cluster), ['shared', 'two']);
  await cluster.eventually(
    'configmaps',
    () => cluster.caches('configmaps').get('default', 'shared')?.metadata.ownerReferences?.length === 1,
  );
});

test('what was set free while it was looked at stays', async (t) => {
  const cluster = await startCluster(t, []);
  const { client, caches } = cluster;
  const owner = await create(cluster, 'owner');
  await create(cluster, 'child', [owner]);
  let isFreed = false;
  const { promise: tried, resolve } = Promise.withResolvers<void>();
  const racing: typeof client = {
    ...client,
    async get<T>(resource: string, object: { namespace?: string; name: string }) {
      const live = await client.get<T>(resource, object);
      const body = { metadata: { ownerReferences: null } };
      if (object.name === 'child' && !isFreed) await client.patch(resource, object, { type: 'merge', body });
      isFreed ||= object.name === 'child';
      return live;
    },
    delete: (...wanted) => client.delete(...wanted).finally(resolve),
  };
  await client.delete('configmaps', place('owner'), { propagationPolicy: 'Background' });
  const log = createLog('test', 'silent');
  t.after(runController(garbageCollector(), { client: racing, caches, clock: systemClock, log }).stop);
  await tried;
  const { metadata } = await client.get('configmaps', place('child'));
  assert.equal(metadata.ownerReferences, undefined);
});

test('an owner that never was is an owner lost', async (t) => {
  const cluster = await startCluster(t, [garbageCollector()]);
  const ghost = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ghost', uid: 'no-such-uid' } };
  await create(cluster, 'haunted', [ghost]);
  await cluster.caches('configmaps').synced();
  await cluster.eventually('configmaps', () => names(cluster).length === 0);
});

test('what has no namespace cannot belong to what has one: it stays', async (t) => {
  const cluster = await startCluster(t, [garbageCollector()]);
  const owner = await create(cluster, 'owner');
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid! }];
  const metadata = { name: 'shared', ownerReferences };
  await cluster.client.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata });
  await create(cluster, 'child', [owner]);
  await cluster.client.delete('configmaps', place('owner'));
  await cluster.eventually('configmaps', () => names(cluster).length === 0);
  const now = await cluster.client.get('namespaces', { name: 'shared' });
  assert.equal(now.metadata.deletionTimestamp, undefined);
});

test('foreground: the owner outlasts the dependents that block it', async (t) => {
  const cluster = await startCluster(t, [garbageCollector()]);
  const owner = await create(cluster, 'owner');
  await create(cluster, 'child', [owner]);
  const order: string[] = [];
  await cluster.caches('configmaps').synced();
  cluster.caches('configmaps').subscribe((type, { metadata }) => {
    if (type === 'DELETED') order.push(metadata.name);
  });
  await cluster.client.delete('configmaps', place('owner'), { propagationPolicy: 'Foreground' });
  await cluster.eventually('configmaps', () => names(cluster).length === 0);
  assert.deepEqual(order, ['child', 'owner']);
});

test('foreground: what lies in another namespace holds nobody back', async (t) => {
  const cluster = await startCluster(t, [garbageCollector()]);
  const owner = await create(cluster, 'owner');
  const metadata = { name: 'foreign', namespace: 'other', finalizers: ['example.com/hold'] };
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid }];
  await cluster.client.create('namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'other' },
  } as any);
  await cluster.client.create('configmaps', {
    ...{ apiVersion: 'v1', kind: 'ConfigMap' },
    metadata: { ...metadata, ownerReferences: ownerReferences.map((one) => ({ ...one, blockOwnerDeletion: true })) },
  } as any);
  await cluster.caches('configmaps').synced();
  await cluster.client.delete('configmaps', place('owner'), { propagationPolicy: 'Foreground' });
  await cluster.eventually('configmaps', () => !names(cluster).includes('owner'));
});

test('foreground: a circle of owners does not hold itself back', async (t) => {
  const cluster = await startCluster(t, [garbageCollector()]);
  const one = await create(cluster, 'one');
  const two = await create(cluster, 'two', [one]);
  const three = await create(cluster, 'three', [two]);
  const { uid, name } = three.metadata;
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid, blockOwnerDeletion: true }];
  const body = { metadata: { ownerReferences } };
  await cluster.client.patch('configmaps', place('one'), { type: 'merge', body });
  await cluster.caches('configmaps').synced();
  await cluster.client.delete('configmaps', place('one'), { propagationPolicy: 'Foreground' });
  await cluster.eventually('configmaps', () => names(cluster).length === 0);
});

test('orphan: dependents stay, without their owner', async (t) => {
  const cluster = await startCluster(t, [garbageCollector()]);
  const owner = await create(cluster, 'owner');
  await create(cluster, 'child', [owner]);
  // Orphaning frees the dependents that the collector has seen.
  await cluster.caches('configmaps').synced();
  await cluster.client.delete('configmaps', place('owner'), { propagationPolicy: 'Orphan' });
  await cluster.eventually('configmaps', () => names(cluster).join() === 'child');
  assert.equal(cluster.caches('configmaps').get('default', 'child')?.metadata.ownerReferences?.length ?? 0, 0);
});
