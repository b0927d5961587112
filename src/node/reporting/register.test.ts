import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startNode } from '../testing/cluster.ts';
import { registerNode } from './register.ts';
import { options } from './testing/node.ts';

test('a node registers once; what others wrote into it stays, its own labels come back', async (context) => {
  const { client } = await startNode(context);
  const first = await registerNode(client, options);
  assert.deepEqual([first.spec!.podCIDR, first.metadata.labels!['zone']], ['10.244.0.0/24', 'a']);
  const again = await registerNode(client, options);
  assert.equal(again.metadata.resourceVersion, first.metadata.resourceVersion, 'nothing to write');
  const body = { metadata: { labels: { zone: 'b', theirs: 'yes' } }, spec: { unschedulable: true } };
  await client.patch('nodes', { name: 'node-1' }, { type: 'merge', body });
  const { metadata, spec } = await registerNode(client, { ...options, podCIDR: '10.9.0.0/24' });
  assert.deepEqual([metadata.labels!['zone'], metadata.labels!['theirs']], ['a', 'yes']);
  assert.deepEqual([spec!.unschedulable, spec!.podCIDR], [true, '10.244.0.0/24']);
});
