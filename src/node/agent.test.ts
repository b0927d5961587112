import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../api/schema/types.d.ts';
import { startNode } from './testing/cluster.ts';

const web = { name: 'web', image: 'web:1' };
const isReady = (pod: Pod | undefined) =>
  pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');

test('the agent registers its node and keeps a lease', async (context) => {
  const node = await startNode(context);
  await node.startAgent();
  const found = await waitFor(
    () => node.client.get<any>('nodes', { name: 'node-1' }),
    ({ status }) => status?.nodeInfo,
  );
  assert.equal(found.status.conditions.find(({ type }: any) => type === 'Ready').status, 'True');
  assert.equal(found.status.nodeInfo.kubeletVersion, 'v1.36.0+rempart');
  assert.equal(found.metadata.labels['kubernetes.io/hostname'], 'node-1');
  const lease = { namespace: 'kube-node-lease', name: 'node-1' };
  const held = await waitFor(
    () => node.client.get<any>('leases.coordination.k8s.io', lease),
    ({ spec }) => spec.renewTime,
  );
  assert.equal(held.spec.holderIdentity, 'node-1');
});

test('a pod bound to the node runs and its status says so', async (context) => {
  const node = await startNode(context);
  await node.startAgent();
  await node.createPod('one', { containers: [web] });
  const { status } = await node.podBecomes('one', isReady);
  assert.equal(status?.phase, 'Running');
  assert.equal(status?.podIP, [...node.runtime.sandboxes.values()][0]!.ips[0]);
  assert.equal(status?.containerStatuses?.[0]?.restartCount, 0);
  assert.ok(status?.containerStatuses?.[0]?.state?.running);
});

test('a deleted pod is stopped with its grace period, then leaves the API and the runtime', async (context) => {
  const node = await startNode(context);
  await node.startAgent();
  await node.createPod('one', { containers: [web], terminationGracePeriodSeconds: 7 });
  await node.podBecomes('one', isReady);
  await node.client.delete('pods', { namespace: 'default', name: 'one' });
  await node.podBecomes('one', (pod) => pod === undefined);
  assert.ok(node.runtime.calls.includes('stop web 7'));
  await node.runtimeBecomes(() => node.runtime.sandboxes.size === 0);
});

async function waitFor<T>(read: () => Promise<T>, condition: (value: T) => unknown): Promise<T> {
  for (;;) {
    const value = await read().catch(() => undefined);
    if (value !== undefined && condition(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
