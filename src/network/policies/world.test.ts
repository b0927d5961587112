import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../api/object.ts';
import { memoryCache } from '../testing/memory-cache.ts';
import { changeMatters, worldOf } from './world.ts';

const self = { name: 'n1', addresses: ['192.0.2.2'] };
function emptyCaches() {
  const names = [
    'pods',
    'namespaces',
    'nodes',
    'networkPolicies',
    'services',
    'endpointSlices',
    'protections',
  ] as const;
  return Object.fromEntries(names.map((name) => [name, memoryCache()])) as Record<
    (typeof names)[number],
    ReturnType<typeof memoryCache>
  >;
}
const object = (namespace: string, name: string, rest: object = {}, labels = {}): KubernetesObject => ({
  ...{ apiVersion: 'v1', kind: 'X', metadata: { namespace, name, uid: `${namespace}-${name}`, labels }, ...rest },
});
const pod = (name: string, nodeName: string, podIP: string, phase = 'Running', spec: object = {}) =>
  object('shop', name, {
    spec: { nodeName, containers: [], ...spec },
    status: { phase, podIP, podIPs: [{ ip: podIP }] },
  });

test('pods of other nodes have the address the API says, those of this node the one they really have', () => {
  const caches = emptyCaches();
  caches.pods.set(pod('far', 'n2', '10.244.1.2'));
  caches.pods.set(pod('stale', 'n1', '10.244.0.5'));
  const fresh = object('shop', 'fresh', { spec: { nodeName: 'n1', containers: [] }, status: {} });
  caches.pods.set(fresh);
  const locals = new Map([['shop-fresh', { pod: fresh, ip: '10.244.0.5' }]]);
  const { world, localPods } = worldOf(caches, locals, self, [], 'island');
  assert.deepEqual(Object.fromEntries(world.pods.map(({ name, ips }) => [name, ips])), {
    far: ['10.244.1.2'],
    stale: [],
    fresh: ['10.244.0.5'],
  });
  assert.equal(localPods.get('shop-fresh')?.name, 'fresh');
});

test('pods that ended are gone, unless their sandbox still runs here', () => {
  const caches = emptyCaches();
  caches.pods.set(pod('over', 'n2', '10.244.1.2', 'Succeeded'));
  const deleted = pod('deleted', 'n1', '10.244.0.3');
  const { world } = worldOf(
    caches,
    new Map([['shop-deleted', { pod: deleted, ip: '10.244.0.3' }]]),
    self,
    [],
    'island',
  );
  assert.deepEqual(
    world.pods.map(({ name }) => name),
    ['deleted'],
  );
});

test('a pod whose address the API does not know yet has it, and its ports of the host, as soon as its sandbox runs', () => {
  const containers = [{ name: 'main', ports: [{ containerPort: 80, hostPort: 8080 }] }];
  const starting = object('shop', 'starting', { spec: { nodeName: 'n1', containers }, status: {} });
  const locals = new Map([['shop-starting', { pod: starting, ip: '10.244.0.4' }]]);
  const { world, localPods } = worldOf(emptyCaches(), locals, self, [], 'island');
  assert.deepEqual(localPods.get('shop-starting')?.ips, ['10.244.0.4']);
  assert.deepEqual(world.exposures, [{ namespace: 'shop', pod: 'starting', protocol: 'TCP', port: 80 }]);
});

test('a NodePort service exposes pods of its own namespace only', () => {
  const caches = emptyCaches();
  caches.pods.set(pod('web', 'n2', '10.244.1.2'));
  const slice = (namespace: string) =>
    object(
      namespace,
      'web-1',
      { endpoints: [{ addresses: ['10.244.1.2'] }], ports: [{ port: 8080 }] },
      { 'kubernetes.io/service-name': 'web' },
    );
  for (const namespace of ['shop', 'thief']) {
    caches.services.set(object(namespace, 'web', { spec: { type: 'NodePort' } }));
    caches.endpointSlices.set(slice(namespace));
  }
  assert.deepEqual(worldOf(caches, new Map(), self, [], 'island').world.exposures, [
    { namespace: 'shop', pod: 'web', protocol: 'TCP', port: 8080 },
  ]);
});

test('host ports are exposed, with sidecars, without pods on the node network', () => {
  const caches = emptyCaches();
  const ports = [{ containerPort: 80, hostPort: 8080 }, { containerPort: 81 }];
  caches.pods.set(
    pod('one', 'n2', '10.244.1.2', 'Running', { initContainers: [{ restartPolicy: 'Always', ports }, { ports }] }),
  );
  caches.pods.set(pod('two', 'n2', '192.0.2.3', 'Running', { hostNetwork: true, containers: [{ ports }] }));
  assert.deepEqual(worldOf(caches, new Map(), self, [], 'island').world.exposures, [
    { namespace: 'shop', pod: 'one', protocol: 'TCP', port: 80 },
  ]);
});

test('only changes that policies can see make new rules', () => {
  const caches = emptyCaches();
  const before = pod('web', 'n2', '10.244.1.2');
  const matters = (changes: object) => changeMatters(caches, caches.pods, { ...before, ...changes }, before);
  assert.equal(matters({ status: { ...before.status, conditions: [] } }), false);
  assert.equal(changeMatters(caches, caches.pods, before, undefined), true, 'a pod with an address came');
  assert.equal(changeMatters(caches, caches.pods, before, before), true, 'it went');
  const waiting = { ...before, status: { phase: 'Pending' } };
  assert.equal(changeMatters(caches, caches.pods, waiting, undefined), false, 'no rule is about a pod without address');
  assert.equal(changeMatters(caches, caches.pods, before, waiting), true, 'it got its address');
  assert.equal(matters({ status: { ...before.status, phase: 'Failed' } }), true);
  assert.equal(matters({ metadata: { ...before.metadata, labels: { app: 'x' } } }), true);
  const slice = object('shop', 'web-1', {}, { 'kubernetes.io/service-name': 'web' });
  caches.services.set(object('shop', 'web', { spec: { type: 'ClusterIP' } }));
  assert.equal(changeMatters(caches, caches.endpointSlices, slice, slice), false);
  caches.services.set(object('shop', 'web', { spec: { type: 'LoadBalancer' } }));
  assert.equal(changeMatters(caches, caches.endpointSlices, slice, slice), true);
});

test('the protection in the API decides about namespaces without a label, the configuration until it is there', () => {
  const caches = emptyCaches();
  const isolation = () => worldOf(caches, new Map(), self, [], 'deny').world.defaultIsolation;
  assert.equal(isolation(), 'deny');
  for (const [mode, expected] of Object.entries({ observe: 'off', off: 'off', island: 'island', islnd: 'island' })) {
    const protection = { ...object('', 'namespace-isolation'), spec: { mode } };
    caches.protections.set(protection);
    assert.equal(isolation(), expected, mode);
    assert.equal(changeMatters(caches, caches.protections, protection, undefined), true);
  }
  assert.equal(changeMatters(caches, caches.protections, object('', 'seccomp'), undefined), false);
});
