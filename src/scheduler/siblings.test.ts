import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../api/object.ts';
import { createCaches } from '../client/cache.ts';
import { inProcessClient } from '../client/in-process.ts';
import { systemClock } from '../foundation/clock.ts';
import { silentLog } from '../foundation/log.ts';
import { startServer } from '../server/testing/start.ts';
import { parsePod } from './pod-info.ts';
import { siblingResources, siblingsOf } from './siblings.ts';
import { buildPod } from './testing/builders.ts';

const labels = { app: 'web', tier: 'front' };
const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'app' }] } };
const expression = { key: 'tier', operator: 'In', values: ['front'] };

test('services and the owner of a pod say together what its siblings are', async (t) => {
  const server = await startServer({ log: silentLog });
  const client = inProcessClient(server, 'test-admin');
  const caches = createCaches(client, { clock: systemClock, log: silentLog });
  t.after(async () => {
    caches.stop();
    await server.stop();
  });
  const create = (resource: string, apiVersion: string, kind: string, name: string, spec: object) =>
    client.create(resource, { apiVersion, kind, metadata: { name, namespace: 'default' }, spec } as KubernetesObject);
  const service = (name: string, selector?: Record<string, string>) =>
    create('services', 'v1', 'Service', name, { selector, ports: [{ port: 80 }] });
  const workload = (kind: string, selector: object, more: object = {}) =>
    create(`${kind.toLowerCase()}s.apps`, 'apps/v1', kind, 'web', { selector, template, ...more });
  const set = await workload('ReplicaSet', { matchLabels: { app: 'web' }, matchExpressions: [expression] });
  const stateful = await workload('StatefulSet', { matchExpressions: [expression] }, { serviceName: 'web' });
  const daemon = await workload('DaemonSet', { matchLabels: { app: 'web' } });
  const old = await create('replicationcontrollers', 'v1', 'ReplicationController', 'web', {
    ...{ selector: { tier: 'front' }, template },
  });
  await Promise.all(siblingResources.map((resource) => caches(resource).synced()));
  const siblings = siblingsOf(caches);
  const of = (owner?: KubernetesObject, more: object = labels) => {
    const pod = buildPod('x', { labels: more as Record<string, string> });
    const { apiVersion, kind, metadata } = owner ?? { metadata: {} };
    const reference = { apiVersion: apiVersion!, kind: kind!, name: 'web', uid: metadata.uid!, controller: true };
    if (owner) pod.metadata.ownerReferences = [reference];
    return siblings(parsePod(pod));
  };

  assert.deepEqual(of(set), { matchLabels: { app: 'web' }, matchExpressions: [expression] });
  assert.deepEqual(of(stateful), { matchLabels: {}, matchExpressions: [expression] });
  assert.deepEqual(of(old), { matchLabels: { tier: 'front' }, matchExpressions: [] });
  assert.equal(of(daemon), undefined, 'there is one on each node anyway');
  assert.equal(of(), undefined);
  assert.equal(of({ ...set, metadata: { name: 'web', uid: 'of one that is gone' } }), undefined);

  await service('web', { app: 'web' });
  await service('front', { tier: 'front', app: 'web' });
  await service('other', { app: 'web', tier: 'back' });
  await service('by-hand');
  await caches('services').until(() => caches('services').get('default', 'by-hand') !== undefined);
  assert.deepEqual(of(), { matchLabels: { app: 'web', tier: 'front' }, matchExpressions: [] });
  assert.deepEqual(of(daemon, { app: 'web' }), { matchLabels: { app: 'web' }, matchExpressions: [] });
  assert.deepEqual(of(set, { app: 'web' }), { matchLabels: { app: 'web' }, matchExpressions: [expression] });
  assert.equal(siblings(parsePod(buildPod('x', { labels, namespace: 'other' }))), undefined);
});
