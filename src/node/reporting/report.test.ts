import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../api/schema/types.d.ts';
import { manualClock } from '../../foundation/clock.ts';
import { startNode } from '../testing/cluster.ts';
import { createReport } from './report.ts';
import { calm, options } from './testing/node.ts';

const nowMs = Date.parse('2026-01-31T08:00:00Z');

test('a node that was given up while it was silent takes that back at its next look', async (context) => {
  const { client } = await startNode(context);
  const report = createReport({ client, clock: manualClock(nowMs), node: options, inspect: async () => calm });
  const ready = async () => {
    const { status } = await client.get<Node>('nodes', { name: 'node-1' });
    return status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  };
  await report.make();
  assert.equal(await ready(), 'True');
  const body = { status: { conditions: [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' }] } };
  await client.patch('nodes', { name: 'node-1' }, { type: 'strategic', body }, { subresource: 'status' });
  assert.equal(await ready(), 'Unknown');
  await report.make();
  assert.equal(await ready(), 'True');
});

test('pods may have what an administrator advertises, until it is withdrawn', async (context) => {
  const { client } = await startNode(context);
  const report = createReport({ client, clock: manualClock(nowMs), node: options, inspect: async () => calm });
  const advertise = async (amount: string | null) => {
    const body = { status: { capacity: { 'example.com/dongle': amount } } };
    await client.patch('nodes', { name: 'node-1' }, { type: 'strategic', body }, { subresource: 'status' });
    await report.make();
    const { status } = await client.get<Node>('nodes', { name: 'node-1' });
    return [status!.allocatable!['example.com/dongle'], status!.allocatable!['cpu'], status!.capacity!['cpu']];
  };
  await report.make();
  assert.deepEqual(await advertise('4'), ['4', '3900m', '4']);
  const { metadata } = report.latest()!;
  await report.make();
  assert.equal(report.latest()!.metadata.resourceVersion, metadata.resourceVersion, 'nothing to write');
  assert.deepEqual(await advertise(null), [undefined, '3900m', '4']);
});

test('a node whose status cannot be written is known all the same: its lease goes on', async (context) => {
  const { client } = await startNode(context);
  const refusing = { ...client, patch: () => Promise.reject(new Error('refused')) };
  const clock = manualClock(nowMs);
  const report = createReport({ client: refusing, clock, node: options, inspect: async () => calm });
  await assert.rejects(report.make(), /refused/);
  assert.equal(report.latest(), undefined);
  assert.equal(report.uid(), (await client.get<Node>('nodes', { name: 'node-1' })).metadata.uid);
});
