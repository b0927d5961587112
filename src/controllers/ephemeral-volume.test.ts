import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ephemeralVolumeController } from './ephemeral-volume.ts';
import { startCluster } from './testing/cluster.ts';

test('an ephemeral volume gets a claim that belongs to its pod', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [ephemeralVolumeController()]);
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const volumes = [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec } } }];
  const metadata = { namespace: 'default', name: 'p' };
  const created = await client.create('pods', {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata },
    spec: { containers: [{ name: 'c', image: 'i' }], volumes },
  });
  const claim = await eventually('persistentvolumeclaims', () =>
    caches('persistentvolumeclaims').get('default', 'p-scratch'),
  );
  assert.equal(claim.metadata.ownerReferences![0]!.uid, created.metadata.uid);
});
