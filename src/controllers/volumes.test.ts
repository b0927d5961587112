import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../api/schema/types.d.ts';
import { claimBinder, selectedNode } from './claim-binder.ts';
import { claimProtectionController } from './claim-protection.ts';
import { localPathController, localPathFinalizer } from './local-path.ts';
import { startCluster, type TestCluster } from './testing/cluster.ts';
import { findVolume } from './volume-match.ts';
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

test('local-path: a volume is made on the chosen node, and left to its agent when the claim goes', async (t) => {
  const cluster = await startCluster(t, controllers());
  const { client } = cluster;
  const metadata = { name: 'local' };
  await client.create('storageclasses.storage.k8s.io', {
    ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata, provisioner: 'rempart.io/local-path' },
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  const labels = { 'kubernetes.io/hostname': 'host-1' };
  await client.create('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1', labels } });
  await client.create('persistentvolumeclaims', claim('data', 'local'));
  await cluster.eventually('persistentvolumeclaims', () => claimNow(cluster, 'data')?.status?.phase === 'Pending');
  assert.equal(cluster.caches('persistentvolumes').list().length, 0);
  const body = { metadata: { annotations: { [selectedNode]: 'node-1' } } };
  await client.patch('persistentvolumeclaims', place('data'), { type: 'merge', body });
  await cluster.eventually('persistentvolumeclaims', () => claimNow(cluster, 'data')?.status?.phase === 'Bound');
  const name = claimNow(cluster, 'data')!.spec!.volumeName!;
  const { spec } = volumeNow(cluster, name)!;
  assert.equal(spec!.hostPath!.path, `/var/lib/rempart/local-path/${name}`);
  assert.match(JSON.stringify(spec!.nodeAffinity), /host-1/);
  await client.delete('persistentvolumeclaims', place('data'));
  await cluster.eventually('persistentvolumes', () => volumeNow(cluster, name)?.metadata.deletionTimestamp);
  await cluster.eventually(
    'persistentvolumes',
    () => volumeNow(cluster, name)?.metadata.finalizers?.join() === localPathFinalizer,
  );
});

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

test('what suits a claim: class, modes, size, selector, node; a reservation wins', () => {
  const wanted = claim('data', 'manual') as PersistentVolumeClaim;
  const find = (...volumes: object[]) => findVolume(wanted, volumes as PersistentVolume[], undefined)?.metadata.name;
  assert.equal(find(volume('a', '1Gi', { accessModes: ['ReadOnlyMany'] })), undefined);
  assert.equal(find(volume('a', '1Gi', { storageClassName: 'other' })), undefined);
  assert.equal(find(volume('a', '1Gi', { volumeMode: 'Block' })), undefined);
  assert.equal(find(volume('a', '1023Mi')), undefined);
  assert.equal(find(volume('a', '1Gi', { claimRef: place('other') })), undefined);
  assert.equal(find(volume('a', '1Gi'), volume('b', '5Gi', { claimRef: place('data') })), 'b');
  const required = {
    nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }],
  };
  const local = volume('a', '1Gi', { nodeAffinity: { required } }) as PersistentVolume;
  const node = (name: string) => ({ metadata: { name } }) as Node;
  assert.equal(findVolume(wanted, [local], node('n1')), local);
  assert.equal(findVolume(wanted, [local], node('n2')), undefined);
});
