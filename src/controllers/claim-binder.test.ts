import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectedNode } from '../api/volume-match.ts';
import { claimBinder } from './claim-binder.ts';
import { claimProtectionController } from './claim-protection.ts';
import { localPathController, localPathProvisioner } from './local-path.ts';
import { startCluster } from './testing/cluster.ts';
import { claim, claimNow, place, volume, volumeNow } from './testing/volumes.ts';
import { volumeReclaimController } from './volume-reclaim.ts';

const controllers = () => [
  claimBinder(),
  volumeReclaimController(localPathProvisioner),
  claimProtectionController(),
  localPathController('/var/lib/rempart/local-path'),
];

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

test('a claim that names its volume gets it if it suits, and is told why not', async (t) => {
  const cluster = await startCluster(t, controllers());
  const { client, caches, eventually } = cluster;
  await client.create('persistentvolumes', volume('small', '500Mi'));
  await client.create('persistentvolumes', volume('fits', '2Gi'));
  const naming = (name: string, volumeName: string, storageClassName = 'manual') => {
    const { spec, ...object } = claim(name, storageClassName);
    return client.create('persistentvolumeclaims', { ...object, spec: { ...spec, volumeName } });
  };
  await naming('wants-more', 'small');
  await naming('other-class', 'fits', 'other');
  const said = () =>
    caches('events')
      .list()
      .map((event) => `${event['involvedObject'].name}: ${event['message']}`);
  await eventually('events', () => said().length === 2);
  assert.deepEqual(said().sort(), [
    'other-class: Cannot bind to requested volume "fits": storageClassName does not match',
    'wants-more: Cannot bind to requested volume "small": requested PV is too small',
  ]);
  await naming('suits', 'fits');
  await eventually('persistentvolumeclaims', () => claimNow(cluster, 'suits')?.status?.phase === 'Bound');
  assert.equal(claimNow(cluster, 'other-class')!.status!.phase, 'Pending');
});

test('a claim for a node gets what can be reached from there, or what is reserved for it', async (t) => {
  const cluster = await startCluster(t, controllers());
  const { client, caches, eventually } = cluster;
  const from = (node: string) => ({ key: 'metadata.name', operator: 'In', values: [node] });
  const reachable = (node: string) => ({ required: { nodeSelectorTerms: [{ matchFields: [from(node)] }] } });
  for (const name of ['n1', 'n2']) await client.create('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name } });
  await eventually('nodes', () => caches('nodes').get('', 'n2'));
  await client.create('persistentvolumes', volume('on-n1', '1Gi', { nodeAffinity: reachable('n1') }));
  await client.create('persistentvolumes', volume('on-n2', '2Gi', { nodeAffinity: reachable('n2') }));
  const reserved = { nodeAffinity: reachable('n1'), claimRef: place('mine') };
  await client.create('persistentvolumes', volume('reserved', '5Gi', reserved));
  for (const name of ['data', 'mine']) {
    const { metadata, ...object } = claim(name, 'manual');
    const annotations = { [selectedNode]: 'n2' };
    await client.create('persistentvolumeclaims', { ...object, metadata: { ...metadata, annotations } });
    await eventually('persistentvolumeclaims', () => claimNow(cluster, name)?.status?.phase === 'Bound');
  }
  assert.equal(claimNow(cluster, 'data')!.spec!.volumeName, 'on-n2');
  assert.equal(claimNow(cluster, 'mine')!.spec!.volumeName, 'reserved');
});
