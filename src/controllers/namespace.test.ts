import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../api/object.ts';
import type { ServedResource } from '../client/discovery.ts';
import { namespaceController, remainingConditions, stagesOf } from './namespace.ts';
import { startCluster } from './testing/cluster.ts';

const configMap = (name: string, finalizers?: string[]) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop', finalizers },
});

test('a namespace goes with everything in it, and says what holds it back', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [namespaceController()]);
  await client.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  await client.create('configmaps', configMap('plain'));
  await client.create('configmaps', configMap('held', ['example.com/hold']));
  await client.delete('namespaces', { name: 'shop' });
  const condition = (type: string) =>
    caches('namespaces')
      .get('', 'shop')
      ?.['status'].conditions?.find((one: { type: string }) => one.type === type);
  await eventually('namespaces', () => condition('NamespaceFinalizersRemaining')?.status === 'True');
  assert.match(condition('NamespaceContentRemaining').message, /configmaps has 1 resource instances \(held\)/);
  assert.match(condition('NamespaceFinalizersRemaining').message, /example.com\/hold in 1 resource instances/);
  const body = { metadata: { finalizers: null } };
  await client.patch('configmaps', { namespace: 'shop', name: 'held' }, { type: 'merge', body });
  await eventually('namespaces', () => caches('namespaces').get('', 'shop') === undefined);
  assert.equal((await client.list('configmaps', { namespace: 'shop' })).items.length, 0);
});

test('conditions name a few of the objects that remain', () => {
  const objects = [1, 2, 3, 4, 5, 6].map((n) => ({ metadata: { name: `o${n}` } }) as KubernetesObject);
  const [remaining, finalizers] = remainingConditions([{ resource: 'secrets', objects }]);
  assert.equal(
    remaining!.message,
    'Some resources are remaining: secrets has 6 resource instances (o1, o2, o3, o4, o5, …)',
  );
  assert.equal(finalizers!.status, 'False');
});

test('pods go first and events last, and only those of Kubernetes are events', () => {
  const names = ['events', 'secrets', 'pods', 'eventsources.argoproj.io', 'events.events.k8s.io'];
  const { pods, others, events } = stagesOf(names.map((name) => ({ name }) as ServedResource));
  const named = [pods, others, events].map((stage) => stage.map(({ name }) => name));
  assert.deepEqual(named, [['pods'], ['secrets', 'eventsources.argoproj.io'], ['events']]);
});
