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

test('a volume whose claim is gone is kept, or goes if it was provisioned, as its policy says', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [volumeReclaimController()]);
  await client.create('persistentvolumes', volume('retained', 'Retain'));
  await client.create('persistentvolumes', volume('foreign', 'Delete'));
  await client.create('persistentvolumes', volume('provisioned', 'Delete', { [provisionedBy]: 'x' }));
  const now = (name: string) => caches('persistentvolumes').get('', name) as PersistentVolume | undefined;
  await eventually('persistentvolumes', () => now('retained')?.status?.phase === 'Released');
  await eventually('persistentvolumes', () => now('foreign')?.status?.phase === 'Released');
  await eventually('persistentvolumes', () => caches('persistentvolumes').list().length === 2 && !now('provisioned'));
  const said = () =>
    caches('events')
      .list()
      .map((event) => `${event['involvedObject'].name} ${event['reason']}`);
  await eventually('events', () => said().includes('foreign VolumeFailedDelete'));
});

test('a volume that nobody has claimed is available', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [volumeReclaimController()]);
  const { claimRef: _, ...spec } = volume('free', 'Retain').spec;
  await client.create('persistentvolumes', { ...volume('free', 'Retain'), spec });
  const phase = () => caches('persistentvolumes').get('', 'free')?.['status']?.phase;
  await eventually('persistentvolumes', () => phase() === 'Available');
});
