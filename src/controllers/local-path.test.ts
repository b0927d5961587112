import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localPathFinalizer } from '../api/local-path.ts';
import { selectedNode } from '../api/volume-match.ts';
import { claimBinder } from './claim-binder.ts';
import { claimProtectionController } from './claim-protection.ts';
import { localPathController, localPathProvisioner, localPathReleaseController } from './local-path.ts';
import { startCluster } from './testing/cluster.ts';
import { claim, claimNow, place, volumeNow } from './testing/volumes.ts';
import { volumeReclaimController } from './volume-reclaim.ts';

const controllers = () => [
  claimBinder(),
  volumeReclaimController(localPathProvisioner),
  claimProtectionController(),
  localPathController('/var/lib/rempart/local-path'),
  localPathReleaseController(),
];

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
  // A node that is gone takes its disk along.
  await client.delete('nodes', { name: 'node-1' });
  await cluster.eventually('persistentvolumes', () => volumeNow(cluster, name) === undefined);
});

const snapshot = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'before' };
const lacking: [string, storageClass: object, claimSpec: object, message: string][] = [
  ['the options of its class', { mountOptions: ['noexec'] }, {}, 'mounts without options, its class names noexec'],
  ['block devices', {}, { volumeMode: 'Block' }, 'makes no block devices'],
  ['what it is to start from', {}, { dataSource: snapshot }, 'makes empty volumes only, not of VolumeSnapshot before'],
];
for (const [what, storageClass, claimSpec, message] of lacking)
  test(`local-path: no volume is made that would lack ${what}`, async (t) => {
    const cluster = await startCluster(t, controllers());
    const { client } = cluster;
    await client.create('storageclasses.storage.k8s.io', {
      ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'local' } },
      ...{ provisioner: localPathProvisioner, ...storageClass },
    });
    await client.create('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } });
    const wanted = claim('data', 'local');
    await client.create('persistentvolumeclaims', { ...wanted, spec: { ...wanted['spec'], ...claimSpec } });
    const events = cluster.caches('events');
    const told = await cluster.eventually('events', () =>
      events.list().find(({ reason }) => /^Provisioning/.test(reason)),
    );
    assert.deepEqual([told['reason'], told['message']], ['ProvisioningFailed', `rempart.io/local-path ${message}`]);
    assert.equal(cluster.caches('persistentvolumes').list().length, 0);
  });
