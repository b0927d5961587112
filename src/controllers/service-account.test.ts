import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceAccountController } from './service-account.ts';
import { startCluster } from './testing/cluster.ts';

test('every namespace has its service account, also when somebody removes it', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [serviceAccountController()]);
  await client.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  const account = () => caches('serviceaccounts').get('shop', 'default');
  const first = await eventually('serviceaccounts', account);
  assert.ok(caches('serviceaccounts').get('default', 'default'));
  await client.delete('serviceaccounts', { namespace: 'shop', name: 'default' });
  await eventually('serviceaccounts', () => account() && account()?.metadata.uid !== first.metadata.uid);
});
