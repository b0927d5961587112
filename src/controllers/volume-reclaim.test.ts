import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PersistentVolume } from '../api/schema/types.d.ts';
import { startCluster } from './testing/cluster.ts';
import { provisionedBy, volumeReclaimController } from './volume-reclaim.ts';

const volume = (name: string, policy: string, annotations: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name, annotations, finalizers: ['kubernetes.io/pv-protection'] },
  spec: {
    ...{ capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' } },
    persistentVolumeReclaimPolicy: policy,
    claimRef: { kind: 'PersistentVolumeClaim', namespace: 'default', name: 'gone', uid: 'no-such-claim' },
  },
});

test('a volume whose claim is gone is kept, or goes if it was made here, as its policy says', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [volumeReclaimController('ours')]);
  const now = (name: string) => caches('persistentvolumes').get('', name) as PersistentVolume | undefined;
  await client.create('persistentvolumes', volume('retained', 'Retain'));
  await client.create('persistentvolumes', volume('foreign', 'Delete'));
  // Its provisioner removes what is in it, and then the volume.
  await client.create('persistentvolumes', volume('external', 'Delete', { [provisionedBy]: 'nfs.example.com' }));
  await eventually('persistentvolumes', () => now('external')?.status?.phase === 'Released');
  await client.create('persistentvolumes', volume('provisioned', 'Delete', { [provisionedBy]: 'ours' }));
  await eventually('persistentvolumes', () => now('retained')?.status?.phase === 'Released');
  await eventually('persistentvolumes', () => now('foreign')?.status?.phase === 'Released');
  await eventually('persistentvolumes', () => caches('persistentvolumes').list().length === 3 && !now('provisioned'));
  const said = () =>
    caches('events')
      .list()
      .map((event) => `${event['involvedObject'].name} ${event['reason']}`);
  await eventually('events', () => said().includes('foreign VolumeFailedDelete'));
  assert.equal(now('external')!.metadata.deletionTimestamp, undefined);
});

test('a volume that nobody has claimed is available', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [volumeReclaimController('ours')]);
  const { claimRef: _, ...spec } = volume('free', 'Retain').spec;
  await client.create('persistentvolumes', { ...volume('free', 'Retain'), spec });
  const phase = () => caches('persistentvolumes').get('', 'free')?.['status']?.phase;
  await eventually('persistentvolumes', () => phase() === 'Available');
});
