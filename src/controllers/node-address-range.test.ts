import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../api/schema/types.d.ts';
import { nodeAddressRangeController, partsOf } from './node-address-range.ts';
import { startCluster } from './testing/cluster.ts';

const node = (spec: object = {}, conditions: object[] = []) =>
  ({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, spec, status: { conditions } }) as unknown as Node;
test('each node gets a range of its own', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [nodeAddressRangeController('10.244.0.0/22')]);
  for (const name of ['a', 'b', 'c']) await client.create('nodes', { ...node(), metadata: { name } });
  const ranges = () => (caches('nodes').list() as Node[]).map(({ spec }) => spec?.podCIDR);
  await eventually('nodes', () => ranges().length === 3 && ranges().every(Boolean));
  assert.deepEqual(ranges().sort(), ['10.244.0.0/24', '10.244.1.0/24', '10.244.2.0/24']);
});

test('a range is divided exactly', () => {
  assert.deepEqual(partsOf('10.0.0.0/23', 24), ['10.0.0.0/24', '10.0.1.0/24']);
  assert.equal(partsOf('10.244.0.0/16', 24).at(-1), '10.244.255.0/24');
  assert.throws(() => partsOf('10.0.0.0/28', 24), /cannot be divided/);
});
