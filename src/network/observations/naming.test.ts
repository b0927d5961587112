import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../api/object.ts';
import { manualClock } from '../../foundation/clock.ts';
import { memoryCache } from '../testing/memory-cache.ts';
import type { Sighting } from './kernel.ts';
import { createNaming } from './naming.ts';

const startMs = Date.UTC(2026, 0, 31);
const podOf = (name: string, podIP: string, status: object = {}, spec: object = {}): KubernetesObject => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'shop', name, uid: name } },
  ...{ spec, status: { podIP, startTime: new Date(startMs).toISOString(), ...status } },
});
const sighting = (from: string, to: string, more: Partial<Sighting> = {}): Sighting => ({
  ...{ outcome: 'seen' as const, from, to, protocol: 'TCP' as const, port: 80 },
  ...{ count: 2, lastMs: startMs + 1000, isFirst: true },
  ...more,
});

function start() {
  const clock = manualClock(startMs + 1000);
  const caches = { pods: memoryCache(), nodes: memoryCache() };
  const naming = createNaming({
    ...{ nodeName: 'n1', nodeAddresses: () => ['192.0.2.1'], caches, clock },
    addressBehind: (name) => (name === 'veth-web' ? '10.244.0.2' : undefined),
  });
  naming.follow();
  const ends = (seen: Sighting) => {
    const { from, to } = naming.namer()(seen, undefined);
    return [from, to].map((end) => (end.type === 'address' ? end.address : end.name)).join(' > ');
  };
  return { caches, clock, naming, ends };
}

test('an address is told by who had it when the kernel saw it', () => {
  const { caches, clock, naming, ends } = start();
  naming.assigned(podOf('web', ''), '10.244.0.2');
  caches.pods.set(podOf('db', '10.244.0.3'));
  caches.nodes.set({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n2' },
    status: { addresses: [{ address: '192.0.2.2' }] },
  });
  assert.equal(ends(sighting('10.244.0.2', '10.244.0.3')), 'web > db');
  assert.equal(ends(sighting('192.0.2.1', '192.0.2.2')), 'n1 > n2');
  assert.equal(ends(sighting('10.244.0.2', '203.0.113.7')), 'web > 203.0.113.7');
  clock.advance(1000);
  caches.pods.set(podOf('db', '10.244.0.3', { phase: 'Succeeded' }));
  clock.advance(1000);
  naming.assigned(podOf('next', ''), '10.244.0.3');
  assert.equal(ends(sighting('10.244.0.2', '10.244.0.3')), 'web > db');
  assert.equal(ends(sighting('10.244.0.2', '10.244.0.3', { lastMs: clock.now() })), 'web > next');
});

test('a pod on the node’s network has no address of its own, and one that lies about its own is told by its interface', () => {
  const { caches, naming, ends } = start();
  naming.assigned(podOf('web', ''), '10.244.0.2');
  caches.pods.set(podOf('agent', '192.0.2.1', {}, { hostNetwork: true }));
  assert.equal(ends(sighting('192.0.2.1', '10.244.0.2')), 'n1 > web');
  assert.equal(ends(sighting('10.244.0.99', '192.0.2.1', { interfaceName: 'veth-web' })), 'web > n1');
});

test('what was dropped is told so, unexplained where nobody looked into it', () => {
  const { naming } = start();
  const { allowed, drop, count } = naming.namer()(sighting('10.0.0.1', '10.0.0.2', { outcome: 'ingress' }), undefined);
  assert.deepEqual([allowed, count], [false, 2]);
  assert.match(drop!.nearest!, /^not looked into/);
});
