import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointSlice, Pod, Service } from '../api/schema/types.d.ts';
import { endpointSliceController, type Group, groups, planSlices } from './endpoint-slice.ts';
import { endpointsController } from './endpoints.ts';
import { startCluster } from './testing/cluster.ts';

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default', uid: 'service' },
  spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'web' }] },
} as unknown as Service;

function pod(name: string, port = 8080): Pod {
  const containers = [{ name: 'c', image: 'i', ports: [{ name: 'web', containerPort: port }] }];
  const metadata = { name, namespace: 'default', uid: name, labels: { app: 'web' } };
  const status = { podIP: '10.0.0.1', phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers }, status } as Pod;
}

test('a service follows its pods, in slices and in endpoints', async (t) => {
  const { client, caches, eventually, playNode } = await startCluster(t, [
    endpointSliceController(),
    endpointsController(),
  ]);
  playNode('node-1');
  const { uid: _, ...metadata } = service.metadata;
  await client.create('services', { ...service, metadata });
  const slices = () => caches('endpointslices.discovery.k8s.io').list('default') as EndpointSlice[];
  await eventually('endpointslices.discovery.k8s.io', () => slices().length === 1);
  for (const name of ['a', 'b']) {
    const { uid: __, ...own } = pod(name).metadata;
    await client.create('pods', { ...pod(name), metadata: own, status: undefined });
  }
  const ready = () => slices().flatMap(({ endpoints }) => endpoints!.filter((one) => one.conditions!.ready));
  await eventually('endpointslices.discovery.k8s.io', () => ready().length === 2);
  const [endpoint] = ready();
  assert.deepEqual([endpoint!.nodeName, endpoint!.targetRef!.kind], ['node-1', 'Pod']);
  assert.deepEqual(
    slices()
      .filter(({ endpoints }) => endpoints!.length > 0)
      .map(({ ports }) => ports![0]!.port),
    [8080],
  );
  await eventually(
    'endpoints',
    () => caches('endpoints').get('default', 'web')?.['subsets']?.[0]?.addresses?.length === 2,
  );
  await client.delete('pods', { namespace: 'default', name: 'a' });
  await eventually('endpointslices.discovery.k8s.io', () => ready().length === 1);
});

test('a selector that wants nothing selects nothing', async (t) => {
  const { client, caches, eventually, playNode } = await startCluster(t, [
    endpointSliceController(),
    endpointsController(),
  ]);
  playNode('node-1');
  const { uid: _, ...own } = pod('a').metadata;
  await client.create('pods', { ...pod('a'), metadata: own, status: undefined });
  const serve = (name: string, selector: object) =>
    client.create('services', {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' } },
      spec: { selector, ports: [{ name: 'http', port: 80 }] },
    });
  await serve('of-nobody', {});
  await serve('web', { app: 'web' });
  await eventually('endpoints', () => caches('endpoints').get('default', 'web')?.['subsets']?.[0]?.addresses);
  const owners = caches('endpointslices.discovery.k8s.io')
    .list('default')
    .map(({ metadata }) => metadata.labels!['kubernetes.io/service-name']);
  assert.deepEqual([[...new Set(owners)], caches('endpoints').list('default').length], [['web'], 1]);
});

test('pods that call a port differently are in different groups; a pod that goes only finishes its work', () => {
  const going = pod('going');
  going.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
  const found = groups(service, [pod('a'), pod('b', 9090), going], () => 'zone-1');
  assert.deepEqual(
    found.map(({ ports, endpoints }) => [ports[0]!.port, endpoints.length]),
    [
      [8080, 2],
      [9090, 1],
    ],
  );
  assert.deepEqual(found[0]!.endpoints[1]!.conditions, { ready: false, serving: true, terminating: true });
});

test('endpoints stay in their slice, and a slice holds 100', () => {
  const endpoint = (n: number) => ({ addresses: [`10.0.0.${n}`], targetRef: { uid: `${n}` } });
  const group = (count: number, from = 0): Group => ({
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: Array.from({ length: count }, (_, n) => endpoint(from + n)),
  });
  const { create } = planSlices(service, [group(150)], []);
  assert.deepEqual(
    create.map(({ endpoints }) => endpoints!.length),
    [100, 50],
  );
  assert.deepEqual(planSlices(service, [group(150)], create), { create: [], update: [], remove: [] });
  const { update, remove, create: more } = planSlices(service, [group(110, 90)], create);
  assert.deepEqual([more.length, remove.length], [0, 0]);
  // Ten of the first slice stay and the fifty new ones join them; the second is not touched.
  assert.deepEqual(
    update.map(({ endpoints }) => endpoints!.length),
    [60],
  );
});
