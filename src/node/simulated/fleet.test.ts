import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { KubernetesObject } from '../../api/object.ts';
import { createCaches } from '../../client/cache.ts';
import { createClient } from '../../client/client.ts';
import { inProcessTransport } from '../../client/in-process.ts';
import { eventuallyIn } from '../../client/testing/eventually.ts';
import { manualClock, systemClock } from '../../foundation/clock.ts';
import { createLog } from '../../foundation/log.ts';
import { startServer, testAdmin } from '../../server/testing/start.ts';
import { createFleet, type FleetOptions } from './fleet.ts';

async function start(t: TestContext, options: Partial<FleetOptions> = {}) {
  const log = createLog('test', process.env['TEST_LOG'] ?? 'silent');
  const server = await startServer({ log });
  const client = createClient(inProcessTransport(server, testAdmin));
  const caches = createCaches(client, { clock: systemClock, log });
  const fleet = createFleet({ client, caches, nodes: 3, clock: systemClock, log, ...options });
  await fleet.start();
  t.after(async () => {
    await fleet.stop();
    caches.stop();
    await server.stop();
  });
  return {
    client,
    caches,
    fleet,
    addPod: (name: string, annotations?: Record<string, string>, restartPolicy = 'Always') =>
      client.create('pods', {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default', annotations },
        spec: { nodeName: 'simulated-1', restartPolicy, containers: [{ name: 'main', image: 'app:1' }] },
      } as KubernetesObject),
    async reaches(name: string, phase: string): Promise<KubernetesObject> {
      const pods = caches('pods');
      const named = () => pods.get('default', name);
      return eventuallyIn(pods, () => named()?.['status']?.phase === phase && named());
    },
    async isGone(name: string): Promise<void> {
      await caches('pods').until(() => caches('pods').get('default', name) === undefined);
    },
  };
}

test('nodes register as Ready with a lease, and leave nothing behind', async (t) => {
  const { client, fleet } = await start(t);
  const { items } = await client.list('nodes');
  assert.deepEqual(items.map(({ metadata }) => metadata.name).sort(), ['simulated-0', 'simulated-1', 'simulated-2']);
  for (const { status } of items) {
    assert.equal(status.conditions.find(({ type }: { type: string }) => type === 'Ready').status, 'True');
    assert.equal(status.allocatable.pods, '110');
  }
  assert.equal((await client.list('leases.coordination.k8s.io')).items.length, 3);
  await fleet.stop();
  assert.equal((await client.list('nodes')).items.length, 0);
  assert.equal((await client.list('leases.coordination.k8s.io')).items.length, 0);
});

test('leases are renewed one after the other, each within twenty seconds', async (t) => {
  const startMs = Date.parse('2026-01-01T00:00:00Z');
  const clock = manualClock(startMs);
  const { caches } = await start(t, { nodes: 4, clock });
  const leases = caches('leases.coordination.k8s.io');
  await leases.synced();
  const renewed = () => leases.list().filter(({ spec }: any) => Date.parse(spec.renewTime) > startMs).length;
  for (const count of [1, 2, 3, 4]) {
    clock.advance(5100);
    await leases.until(() => renewed() >= count);
    assert.equal(renewed(), count);
  }
});

test('pods run and are ready, end when they have a duration, and go when asked to', async (t) => {
  const { client, addPod, reaches, isGone } = await start(t);
  await addPod('service');
  const { status } = await reaches('service', 'Running');
  assert.ok(status.podIP && status.containerStatuses[0].ready);
  assert.equal(status.conditions.find(({ type }: { type: string }) => type === 'Ready').status, 'True');
  await addPod('job', { 'rempart.io/simulated-seconds': '0' }, 'Never');
  assert.equal((await reaches('job', 'Succeeded'))['status'].containerStatuses[0].state.terminated.exitCode, 0);
  await addPod('broken', { 'rempart.io/simulated-seconds': '0', 'rempart.io/simulated-outcome': 'failed' }, 'Never');
  await reaches('broken', 'Failed');
  await client.delete('pods', { namespace: 'default', name: 'service' });
  await isGone('service');
});

test('pods are left alone when that is wished', async (t) => {
  const { client, addPod } = await start(t, { runPods: false });
  await addPod('a');
  const pod = await client.get('pods', { namespace: 'default', name: 'a' });
  assert.equal(pod['status'].phase, 'Pending');
});
