import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PersistentVolume, PersistentVolumeClaim } from '../api/schema/types.d.ts';
import { claimBinder } from './claim-binder.ts';
import { claimProtectionController } from './claim-protection.ts';
import { localPathController } from './local-path.ts';
import { startCluster, type TestCluster } from './testing/cluster.ts';
import { volumeReclaimController } from './volume-reclaim.ts';

const claim = (name: string, storageClassName: string, storage = '1Gi') => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'default' },
  spec: { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
});
const volume = (name: string, storage: string, extra: object = {}) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: {
    ...{ capacity: { storage }, accessModes: ['ReadWriteOnce'], storageClassName: 'manual' },
    ...{ persistentVolumeReclaimPolicy: 'Retain', hostPath: { path: `/data/${name}` }, ...extra },
  },
});
const controllers = () => [
  claimBinder(),
  volumeReclaimController(),
  claimProtectionController(),
  localPathController('/var/lib/rempart/local-path'),
];
const place = (name: string) => ({ namespace: 'default', name });
const claimNow = ({ caches }: TestCluster, name: string) =>
  caches('persistentvolumeclaims').get('default', name) as PersistentVolumeClaim | undefined;
const volumeNow = ({ caches }: TestCluster, name: string) =>
  caches('persistentvolumes').get('', name) as PersistentVolume | undefined;

test('a claim is bound to the smallest volume that suits, and a retained volume stays when the claim goes', async (t) => {
  const cluster = await startCluster(t, controllers());
  for (const object of [volume('small', '500Mi'), volume('fits', '2Gi'), volume('large', '10Gi')])
    await cluster.client.create('persistentvolumes', object);
  await cluster.client.create('persistentvolumeclaims', claim('data', 'manual'));
  await cluster.eventually('persistentvolumeclaims', () => claimNow(cluster, 'data')?.status?.phase === 'Bound');
  assert.equal(claimNow(cluster, 'data')!.spec!.volumeName, 'fits');
  assert.equal(claimNow(cluster, 'data')!.status!.capacity!['storage'], '2Gi');
  await cluster.eventually('persistentvolumes', () => volumeNow(cluster, 'fits')?.status?.phase === 'Bound');
  await cluster.client.delete('persistentvolumeclaims', place('data'));
  await cluster.eventually('persistentvolumes', () => volumeNow(cluster, 'fits')?.status?.phase === 'Released');
});
