import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, StatefulSet } from '../api/schema/types.d.ts';
import { revisionHashLabel } from './revisions.ts';
import { statefulSetController } from './stateful-set.ts';
import { planStatefulSet } from './stateful-set-plan.ts';
import { startCluster, type TestCluster } from './testing/cluster.ts';

const place = { namespace: 'default', name: 'db' };
const set = (replicas: number, extra: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: place,
  spec: {
    replicas,
    serviceName: 'db',
    selector: { matchLabels: { app: 'db' } },
    template: { metadata: { labels: { app: 'db' } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } },
    volumeClaimTemplates: [
      {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    ],
    ...extra,
  },
});
const podNames = ({ caches }: TestCluster) =>
  caches('pods')
    .list('default')
    .map(({ metadata }) => metadata.name)
    .sort();
const claimNames = ({ caches }: TestCluster) =>
  caches('persistentvolumeclaims')
    .list('default')
    .map(({ metadata }) => metadata.name)
    .sort();
const now = ({ caches }: TestCluster) => caches('statefulsets.apps').get('default', 'db') as StatefulSet | undefined;
const settled = (cluster: TestCluster, replicas: number) =>
  cluster.eventually('statefulsets.apps', () => {
    const { status } = now(cluster) ?? {};
    return status?.replicas === replicas && (status.readyReplicas ?? 0) === replicas;
  });

test('pods come in order with names and claims of their own, and claims outlast a scale-down', async (t) => {
  const cluster = await startCluster(t, [statefulSetController()]);
  const order: string[] = [];
  cluster.caches('pods').subscribe((type, { metadata }) => {
    if (type !== 'MODIFIED') order.push(`${type} ${metadata.name}`);
  });
  cluster.playNode('node-1');
  await cluster.client.create('statefulsets.apps', set(3));
  await settled(cluster, 3);
  assert.deepEqual(order, ['ADDED db-0', 'ADDED db-1', 'ADDED db-2']);
  const { spec, metadata } = cluster.caches('pods').get('default', 'db-1') as Pod;
  assert.deepEqual([spec!.hostname, spec!.subdomain], ['db-1', 'db']);
  assert.equal(metadata.labels!['apps.kubernetes.io/pod-index'], '1');
  assert.equal(spec!.volumes!.find(({ name }) => name === 'data')!.persistentVolumeClaim!.claimName, 'data-db-1');
  await cluster.client.patch('statefulsets.apps', place, { type: 'merge', body: { spec: { replicas: 1 } } });
  await settled(cluster, 1);
  assert.deepEqual(order.slice(3), ['DELETED db-2', 'DELETED db-1']);
  assert.deepEqual(claimNames(cluster), ['data-db-0', 'data-db-1', 'data-db-2']);
});

test('an update goes from the highest pod down to the partition, and is complete when the partition is lifted', async (t) => {
  const cluster = await startCluster(t, [statefulSetController()]);
  cluster.playNode('node-1');
  await cluster.client.create('statefulsets.apps', set(3));
  await settled(cluster, 3);
  const images = () =>
    podNames(cluster).map((name) => (cluster.caches('pods').get('default', name) as Pod).spec!.containers[0]!.image);
  const template = { spec: { containers: [{ name: 'c', image: 'i:2' }] } };
  const update = (partition: number) =>
    cluster.client.patch('statefulsets.apps', place, {
      type: 'strategic',
      body: { spec: { template, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition } } } },
    });
  await update(2);
  await cluster.eventually('pods', () => images().join() === 'i:1,i:1,i:2');
  await update(0);
  await cluster.eventually('statefulsets.apps', () => {
    const { status } = now(cluster)!;
    return status!.updatedReplicas === 3 && status!.currentRevision === status!.updateRevision;
  });
  assert.deepEqual(images(), ['i:2', 'i:2', 'i:2']);
  assert.equal(cluster.caches('controllerrevisions.apps').list().length, 2);
});

test('a claim follows the retention policy', async (t) => {
  const cluster = await startCluster(t, [statefulSetController()]);
  cluster.playNode('node-1');
  const persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Delete', whenScaled: 'Retain' };
  const created = await cluster.client.create<StatefulSet>(
    'statefulsets.apps',
    set(1, { persistentVolumeClaimRetentionPolicy }),
  );
  await settled(cluster, 1);
  const claim = cluster.caches('persistentvolumeclaims').get('default', 'data-db-0')!;
  assert.equal(claim.metadata.ownerReferences![0]!.uid, created.metadata.uid);
});

test('a claim that goes with its pod belongs to it as soon as the pod is to go', async (t) => {
  const cluster = await startCluster(t, [statefulSetController()]);
  cluster.playNode('node-1');
  const persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Retain', whenScaled: 'Delete' };
  await cluster.client.create('statefulsets.apps', set(2, { persistentVolumeClaimRetentionPolicy }));
  await settled(cluster, 2);
  const place = { namespace: 'default', name: 'db' };
  await cluster.client.patch('statefulsets.apps', place, { type: 'merge', body: { spec: { replicas: 1 } } });
  await settled(cluster, 1);
  const owners = (ordinal: number) =>
    cluster.caches('persistentvolumeclaims').get('default', `data-db-${ordinal}`)!.metadata.ownerReferences;
  assert.deepEqual([owners(0), owners(1)![0]!.kind], [undefined, 'Pod']);
});

test('a claim that goes is waited for, and one that is missing is made again', async (t) => {
  const cluster = await startCluster(t, [statefulSetController()]);
  const { client, caches, eventually } = cluster;
  const data = { namespace: 'default', name: 'data-db-0' };
  const claim = { ...set(1).spec.volumeClaimTemplates[0], metadata: { ...data, finalizers: ['example.com/in-use'] } };
  await client.create('persistentvolumeclaims', { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claim });
  await client.delete('persistentvolumeclaims', data);
  await client.create('statefulsets.apps', set(1));
  await eventually('events', () => caches('events').list().length > 0);
  assert.match(caches('events').list()[0]!['message'], /data-db-0 is being deleted/);
  assert.deepEqual(podNames(cluster), []);
  const free = (finalizers: null) => ({ type: 'merge' as const, body: { metadata: { finalizers } } });
  await client.patch('persistentvolumeclaims', data, free(null));
  await eventually('pods', () => podNames(cluster).length === 1);
  await client.delete('persistentvolumeclaims', data);
  await client.patch('persistentvolumeclaims', data, free(null)).catch(() => undefined);
  const pod = { namespace: 'default', name: 'db-0' };
  await client.patch('pods', pod, { type: 'merge', body: { metadata: { annotations: { touched: 'yes' } } } });
  await eventually('persistentvolumeclaims', () => claimNames(cluster).length === 1);
});

test('a claim that belongs to an earlier pod of the name goes with that one: it is waited for', async (t) => {
  const cluster = await startCluster(t, [statefulSetController()]);
  const { client, caches, eventually } = cluster;
  const data = { namespace: 'default', name: 'data-db-0' };
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'db-0', uid: 'an-earlier-one' }];
  const claim = { ...set(1).spec.volumeClaimTemplates[0], metadata: { ...data, ownerReferences } };
  await client.create('persistentvolumeclaims', { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claim });
  await client.create('statefulsets.apps', set(1));
  await eventually('events', () => caches('events').list().length > 0);
  assert.match(caches('events').list()[0]!['message'], /data-db-0 is being deleted/);
  assert.deepEqual(podNames(cluster), []);
  await client.delete('persistentvolumeclaims', data);
  await eventually('pods', () => podNames(cluster).length === 1);
});

const pod = (ordinal: number, { hash = 'new', ready = true, going = false } = {}): Pod =>
  ({
    metadata: {
      name: `db-${ordinal}`,
      labels: { [revisionHashLabel]: hash },
      ...(going ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  }) as unknown as Pod;
const plan = (wanted: object, pods: Pod[]) => {
  const { create, remove } = planStatefulSet(wanted as StatefulSet, pods, { current: 'old', update: 'new' }, 0);
  return [create.map(({ ordinal }) => ordinal), remove.map(({ metadata }) => metadata.name)];
};

test('an ordered set waits for each pod; a parallel one does not', () => {
  assert.deepEqual(plan(set(3), [pod(0, { ready: false })]), [[], []]);
  assert.deepEqual(plan(set(3), [pod(0)]), [[1], []]);
  assert.deepEqual(plan(set(3), [pod(0), pod(1, { going: true })]), [[], []]);
  assert.deepEqual(plan(set(3, { podManagementPolicy: 'Parallel' }), [pod(0, { ready: false })]), [[1, 2], []]);
});

test('an ordered set shrinks from the highest pod, but not while several do not work', () => {
  const broken = (ordinal: number) => pod(ordinal, { ready: false });
  assert.deepEqual(plan(set(0), [pod(0), pod(1)]), [[], ['db-1']]);
  assert.deepEqual(plan(set(0), [broken(0), pod(1)]), [[], ['db-1']]);
  assert.deepEqual(plan(set(0), [broken(0), broken(1)]), [[], []]);
  assert.deepEqual(plan(set(0), [broken(0)]), [[], ['db-0']]);
  assert.deepEqual(plan(set(0, { podManagementPolicy: 'Parallel' }), [broken(0), broken(1)]), [[], ['db-1', 'db-0']]);
});

test('a pod that is made again during an update is a new one, but not below the partition', () => {
  const made = (partition: number) => {
    const during = set(2, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition } } });
    return planStatefulSet(during as unknown as StatefulSet, [], { current: 'old', update: 'new' }, 0).create;
  };
  assert.deepEqual(made(0), [{ ordinal: 0, updated: true }]);
  assert.deepEqual(made(1), [{ ordinal: 0, updated: false }]);
});

test('ordinals may start elsewhere, and those outside of the range go', () => {
  assert.deepEqual(plan(set(2, { ordinals: { start: 5 } }), [pod(5), pod(6), pod(0)]), [[], ['db-0']]);
});

test('an update replaces one at a time, the broken ones of the old revision without waiting', () => {
  assert.deepEqual(plan(set(2), [pod(0, { hash: 'old' }), pod(1, { hash: 'old' })]), [[], ['db-1']]);
  assert.deepEqual(plan(set(2), [pod(0, { hash: 'old' }), pod(1)]), [[], ['db-0']]);
  const parallel = set(2, { podManagementPolicy: 'Parallel' });
  assert.deepEqual(plan(parallel, [pod(0, { hash: 'old' }), pod(1, { ready: false })]), [[], []]);
  assert.deepEqual(plan(parallel, [pod(0), pod(1, { hash: 'old', ready: false })]), [[], ['db-1']]);
});
