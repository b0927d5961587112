import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../foundation/clock.ts';
import { startNode } from '../testing/cluster.ts';
import { createLease } from './lease.ts';

test('a lease is made once, renewed after that, and taken back from whoever wrote it', async (context) => {
  const { client } = await startNode(context);
  const clock = manualClock(Date.parse('2026-01-31T08:00:00Z'));
  const place = { namespace: 'kube-node-lease', name: 'node-1' };
  const read = () => client.get<any>('leases.coordination.k8s.io', place);
  const newLease = () => createLease({ client, clock, nodeName: 'node-1', leaseSeconds: 40 });
  const renew = newLease();
  await renew('uid-1');
  assert.deepEqual((await read()).spec, {
    ...{ holderIdentity: 'node-1', leaseDurationSeconds: 40, renewTime: '2026-01-31T08:00:00.000000Z' },
  });
  assert.equal((await read()).metadata.ownerReferences[0].uid, 'uid-1');
  clock.advance(10_000);
  await renew('uid-1');
  assert.equal((await read()).spec.renewTime, '2026-01-31T08:00:10.000000Z');
  const body = { spec: { holderIdentity: 'somebody' } };
  await client.patch('leases.coordination.k8s.io', place, { type: 'merge', body });
  await renew('uid-1');
  assert.equal((await read()).spec.holderIdentity, 'node-1');
  // As an agent that starts again finds it.
  clock.advance(10_000);
  await newLease()('uid-1');
  assert.equal((await read()).spec.renewTime, '2026-01-31T08:00:20.000000Z');
});
