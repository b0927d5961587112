import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ControllerContext } from '../reconcile/controller.ts';
import { claimProtectionController } from './claim-protection.ts';
import { startCluster } from './testing/cluster.ts';
import { claim, claimNow, place } from './testing/volumes.ts';

test('a claim in use is kept until its pod is gone', async (t) => {
  const cluster = await startCluster(t, [claimProtectionController()]);
  const { client } = cluster;
  const metadata = { name: 'data', namespace: 'default', finalizers: ['kubernetes.io/pvc-protection'] };
  await client.create('persistentvolumeclaims', { ...claim('data', 'manual'), metadata });
  const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }];
  const spec = { nodeName: 'node-1', containers: [{ name: 'c', image: 'i' }], volumes };
  await client.create('pods', { apiVersion: 'v1', kind: 'Pod', metadata: place('user'), spec });
  await cluster.eventually('pods', () => cluster.caches('pods').list().length === 1);
  await client.delete('persistentvolumeclaims', place('data'));
  await cluster.eventually('persistentvolumeclaims', () => claimNow(cluster, 'data')?.metadata.deletionTimestamp);
  await client.delete('pods', place('user'), { gracePeriodSeconds: 0 });
  await cluster.eventually('persistentvolumeclaims', () => claimNow(cluster, 'data') === undefined);
});

test('a pod that the cache does not show yet keeps its claim, too', async (t) => {
  const cluster = await startCluster(t, []);
  const { client, caches, eventually } = cluster;
  const metadata = { name: 'data', namespace: 'default', finalizers: ['kubernetes.io/pvc-protection'] };
  await client.create('persistentvolumeclaims', { ...claim('data', 'manual'), metadata });
  const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }];
  const spec = { nodeName: 'node-1', containers: [{ name: 'c', image: 'i' }], volumes };
  await client.create('pods', { apiVersion: 'v1', kind: 'Pod', metadata: place('user'), spec });
  await client.delete('persistentvolumeclaims', place('data'));
  await eventually('persistentvolumeclaims', () => claimNow(cluster, 'data')?.metadata.deletionTimestamp);
  const stale = (resource: string): any => (resource === 'pods' ? { list: () => [] } : caches(resource));
  await claimProtectionController().reconcile(place('data'), { client, cache: stale } as ControllerContext);
  const { finalizers } = (await client.get('persistentvolumeclaims', place('data'))).metadata;
  assert.deepEqual(finalizers, ['kubernetes.io/pvc-protection']);
});
