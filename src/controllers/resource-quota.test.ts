import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceQuota } from '../api/schema/types.d.ts';
import { resourceQuotaController } from './resource-quota.ts';
import { startCluster } from './testing/cluster.ts';

test('a quota shows what its namespace uses', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [resourceQuotaController()]);
  const metadata = { namespace: 'default', name: 'q' };
  const hard = { pods: '5', 'requests.cpu': '2', 'count/configmaps': '9' };
  await client.create('resourcequotas', { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard } });
  await client.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata });
  const containers = [{ name: 'c', image: 'i', resources: { requests: { cpu: '500m' } } }];
  await client.create('pods', { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } });
  const used = () => (caches('resourcequotas').get('default', 'q') as ResourceQuota | undefined)?.status?.used;
  await eventually('resourcequotas', () => used()?.['pods'] === '1' && used()?.['count/configmaps'] === '1');
  assert.equal(used()!['requests.cpu'], '500m');
});
