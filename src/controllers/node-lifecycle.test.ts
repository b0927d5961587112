import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node, Pod, Taint } from '../api/schema/types.d.ts';
import { manualClock } from '../foundation/clock.ts';
import { nodeLifecycleController, taintsFor } from './node-lifecycle.ts';
import { taintEvictionController } from './taint-eviction.ts';
import { startCluster, type TestCluster } from './testing/cluster.ts';

const node = (spec: object = {}, conditions: object[] = [], name = 'n1') =>
  ({ apiVersion: 'v1', kind: 'Node', metadata: { name }, spec, status: { conditions } }) as unknown as Node;
const ready = (status: string) => ({ type: 'Ready', status });
const noExecute = (key: string, timeAdded?: string): Taint => ({ key, effect: 'NoExecute', timeAdded });

/** Lets time pass until it is so, for a day at most. */
async function passing(clock: ReturnType<typeof manualClock>, isSo: () => unknown): Promise<void> {
  for (let seconds = 0; seconds < 86_400 && !isSo(); seconds++) {
    clock.advance(1000);
    await new Promise(setImmediate);
  }
  assert.ok(isSo());
}

async function createNode({ client }: TestCluster, conditions: object[], name?: string) {
  const created = await client.create<Node>('nodes', node({}, [], name));
  await client.update('nodes', { ...created, status: { conditions } } as any, { subresource: 'status' });
}

const effectsOf = ({ caches }: TestCluster, name: string): string =>
  ((caches('nodes').get('', name) as Node | undefined)?.spec?.taints ?? [])
    .map(({ effect }) => effect)
    .sort()
    .join();

test('a node that falls silent is lost: its conditions, its taints, its pods say so, and intolerant pods go', async (t) => {
  const controllers = [nodeLifecycleController(), taintEvictionController()];
  const clock = manualClock();
  const cluster = await startCluster(t, controllers, [], clock);
  const { client, caches } = cluster;
  await createNode(cluster, [ready('True')]);
  const pod = (name: string, tolerations: object[]) =>
    client.create<Pod>('pods', {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' } },
      spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }], tolerations },
    });
  const stays = await pod('stays', [{ operator: 'Exists' }]);
  await pod('goes', []);
  const status = { phase: 'Running', conditions: [ready('True')] };
  await client.update('pods', { ...stays, status }, { subresource: 'status' });
  const now = () => caches('nodes').get('', 'n1') as Node | undefined;
  await passing(clock, () => now()?.status?.conditions?.some((one) => one.reason === 'NodeStatusUnknown'));
  const podNow = (name: string) => caches('pods').get('default', name) as Pod | undefined;
  await passing(clock, () => podNow('stays')?.status?.conditions?.some((one) => one.reason === 'NodeNotReady'));
  assert.equal(effectsOf(cluster, 'n1'), 'NoSchedule', 'with no other node there is nowhere to go');
  await createNode(cluster, [ready('True')], 'n2');
  await passing(clock, () => podNow('goes')?.metadata.deletionTimestamp);
  assert.equal(effectsOf(cluster, 'n1'), 'NoExecute,NoSchedule');
  assert.equal(podNow('stays')!.metadata.deletionTimestamp, undefined);
});

test('when the last node that was ready is lost, pods of the others are no longer sent away', async (t) => {
  const clock = manualClock();
  const cluster = await startCluster(t, [nodeLifecycleController()], [], clock);
  const { client } = cluster;
  await createNode(cluster, [ready('True')], 'n2');
  await createNode(cluster, [ready('False')]);
  await passing(clock, () => effectsOf(cluster, 'n1') === 'NoExecute,NoSchedule');
  const other = await client.get<Node>('nodes', { name: 'n2' });
  const status = { conditions: [ready('False')] };
  await client.update('nodes', { ...other, status } as any, { subresource: 'status' });
  await passing(clock, () => effectsOf(cluster, 'n1') === 'NoSchedule');
});

test('pods are sent away from one node after the other, and from none when most of them are lost', async (t) => {
  const clock = manualClock();
  const cluster = await startCluster(t, [nodeLifecycleController()], [], clock);
  for (const name of ['n1', 'n2', 'n3']) await createNode(cluster, [ready('True')], name);
  for (const name of ['n4', 'n5']) await createNode(cluster, [ready('False')], name);
  const left = () => ['n1', 'n2', 'n3', 'n4', 'n5'].filter((name) => effectsOf(cluster, name).includes('NoExecute'));
  await passing(clock, () => left().length === 2);
  const leftMs = (name: string) => {
    const { spec } = cluster.caches('nodes').get('', name) as Node;
    return Date.parse(spec!.taints!.find(({ effect }) => effect === 'NoExecute')!.timeAdded!);
  };
  assert.ok(Math.abs(leftMs('n4') - leftMs('n5')) >= 10_000);
  const third = await cluster.client.get<Node>('nodes', { name: 'n3' });
  const status = { conditions: [ready('False')] };
  await cluster.client.update('nodes', { ...third, status } as any, { subresource: 'status' });
  await passing(clock, () => effectsOf(cluster, 'n3') === 'NoSchedule');
  for (let seconds = 0; seconds < 15; seconds++) {
    clock.advance(1000);
    await new Promise(setImmediate);
  }
  assert.equal(effectsOf(cluster, 'n3'), 'NoSchedule');
});

test('a lease that is renewed keeps a node alive', async (t) => {
  const clock = manualClock();
  const cluster = await startCluster(t, [nodeLifecycleController()], [], clock);
  const { client, caches, eventually } = cluster;
  await client.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-node-lease' } });
  await createNode(cluster, [ready('True')]);
  const place = { namespace: 'kube-node-lease', name: 'n1' };
  const spec = { holderIdentity: 'n1', leaseDurationSeconds: 40, renewTime: '2026-01-01T00:00:00.000000Z' };
  await client.create('leases.coordination.k8s.io', {
    ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: place, spec },
  });
  const leaseNow = () => caches('leases.coordination.k8s.io').get('kube-node-lease', 'n1')?.['spec'].renewTime;
  const readyNow = () => (caches('nodes').get('', 'n1') as Node).status!.conditions![0]!.status;
  for (let beat = 1; beat <= 8; beat++) {
    const renewTime = `2026-01-01T00:00:0${beat}.000000Z`;
    await client.patch('leases.coordination.k8s.io', place, { type: 'merge', body: { spec: { renewTime } } });
    await eventually('leases.coordination.k8s.io', () => leaseNow() === renewTime);
    clock.advance(20_000);
  }
  assert.equal(readyNow(), 'True');
  await passing(clock, () => readyNow() === 'Unknown');
});

test('taints follow from conditions, and taints of others are left alone', () => {
  const foreign = { key: 'special', effect: 'NoSchedule' };
  const keys = (value: Node) =>
    taintsFor(value, 0, true).map(({ key, effect }) => `${key.split('/').at(-1)}:${effect}`);
  assert.deepEqual(keys(node({ taints: [foreign] }, [ready('True')])), ['special:NoSchedule']);
  assert.deepEqual(keys(node({ taints: [foreign] }, [ready('False')])), [
    'special:NoSchedule',
    'not-ready:NoSchedule',
    'not-ready:NoExecute',
  ]);
  const pressed = node({ unschedulable: true }, [ready('True'), { type: 'DiskPressure', status: 'True' }]);
  assert.deepEqual(keys(pressed), ['disk-pressure:NoSchedule', 'unschedulable:NoSchedule']);
  const registering = node({ taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] });
  assert.deepEqual(keys(registering), ['not-ready:NoSchedule']);
});

test('the time of a taint stays as long as the taint does', () => {
  const taints = [noExecute('node.kubernetes.io/unreachable', '2026-01-01T00:00:00Z')];
  const kept = taintsFor(node({ taints }, [ready('Unknown')]), 0, true).find(({ effect }) => effect === 'NoExecute');
  assert.equal(kept!.timeAdded, '2026-01-01T00:00:00Z');
});
