import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointSlice } from '../api/schema/types.d.ts';
import { endpointSliceController } from './endpoint-slice.ts';
import { endpointSliceMirroringController } from './endpoint-slice-mirroring.ts';
import { endpointsController } from './endpoints.ts';
import { startCluster } from './testing/cluster.ts';

const metadata = { name: 'database', namespace: 'default' };
const service = { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ name: 'sql', port: 5432 }] } };
const endpoints = (ips: string[], notReady: string[] = []) => ({
  ...{ apiVersion: 'v1', kind: 'Endpoints', metadata },
  subsets: [
    {
      addresses: ips.map((ip) => ({ ip })),
      ...(notReady.length > 0 ? { notReadyAddresses: notReady.map((ip) => ({ ip })) } : {}),
      ports: [{ name: 'sql', port: 5432 }],
    },
  ],
});

test('endpoints written by hand are found through slices, follow them, and go with them', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [
    ...[endpointSliceController(), endpointsController(), endpointSliceMirroringController()],
  ]);
  const resource = 'endpointslices.discovery.k8s.io';
  const slices = () => caches(resource).list('default') as EndpointSlice[];
  const listed = () => slices().flatMap((slice) => slice.endpoints ?? []);
  await client.create('services', service);
  await client.create('endpoints', endpoints(['192.0.2.10'], ['192.0.2.11']));
  await eventually(resource, () => listed().length === 2);
  const [slice] = slices();
  assert.equal(slice!.metadata.labels?.['kubernetes.io/service-name'], 'database');
  assert.deepEqual(slice!.ports, [{ name: 'sql', port: 5432, protocol: 'TCP' }]);
  assert.deepEqual(
    listed().map(({ addresses, conditions }) => [addresses[0], conditions?.ready]),
    [
      ['192.0.2.10', true],
      ['192.0.2.11', false],
    ],
  );
  const present = await client.get('endpoints', metadata);
  await client.update('endpoints', { ...present, ...{ subsets: endpoints(['192.0.2.12']).subsets } });
  await eventually(resource, () => listed()[0]?.addresses[0] === '192.0.2.12');
  assert.deepEqual([slices().length, slices()[0]!.metadata.uid], [1, slice!.metadata.uid], 'the same slice');

  const skipped = {
    ...present,
    metadata: { ...metadata, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
  };
  await client.update('endpoints', skipped);
  await eventually(resource, () => slices().length === 0);
});

test('addresses beyond a thousand are left out and told', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [endpointSliceMirroringController()]);
  const many = Array.from({ length: 1001 }, (_, n) => `198.51.${Math.floor(n / 250)}.${(n % 250) + 1}`);
  await client.create('services', service);
  await client.create('endpoints', endpoints(many));
  const slices = () => caches('endpointslices.discovery.k8s.io').list('default') as EndpointSlice[];
  await eventually('endpointslices.discovery.k8s.io', () => slices()[0]?.endpoints?.length === 1000);
  await eventually('events', () =>
    caches('events')
      .list('default')
      .some(({ message }) => message === 'a subset has 1001 IPv4 addresses: only 1000 are used'),
  );
});
