import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterRole } from '../api/schema/types.d.ts';
import { aggregate, clusterRoleAggregationController } from './cluster-role-aggregation.ts';
import { startCluster } from './testing/cluster.ts';

test('an aggregated role is the sum of those its selectors choose', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [clusterRoleAggregationController()]);
  const role = (name: string, extra: object) => ({
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' },
    ...{ metadata: { name, labels: { part: 'yes' } }, ...extra },
  });
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { part: 'yes' } }] };
  const roles = 'clusterroles.rbac.authorization.k8s.io';
  await client.create(roles, role('sum', { aggregationRule, rules: [] }));
  await client.create(roles, role('part', { rules }));
  await eventually(roles, () => caches(roles).get('', 'sum')?.['rules']?.length === 1);
  const twice = [role('a', { rules }), role('b', { rules })] as unknown as ClusterRole[];
  assert.deepEqual(aggregate(role('sum', { aggregationRule }) as unknown as ClusterRole, twice), rules);
});
