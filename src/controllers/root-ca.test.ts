import { test } from 'node:test';
import { rootCaController } from './root-ca.ts';
import { startCluster } from './testing/cluster.ts';

test('every namespace has the authority, also when somebody removes or changes it', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [rootCaController(() => 'PEM')]);
  await client.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  const place = { namespace: 'shop', name: 'kube-root-ca.crt' };
  const authority = () => caches('configmaps').get('shop', place.name)?.['data']['ca.crt'];
  await eventually('configmaps', () => authority() === 'PEM');
  await client.patch('configmaps', place, { type: 'merge', body: { data: { 'ca.crt': 'FORGED' } } });
  await eventually('configmaps', () => authority() === 'FORGED');
  await eventually('configmaps', () => authority() === 'PEM');
  await client.delete('configmaps', place);
  await eventually('configmaps', () => authority() === undefined);
  await eventually('configmaps', () => authority() === 'PEM');
});
