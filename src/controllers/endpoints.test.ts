import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, Service } from '../api/schema/types.d.ts';
import { endpointsController, subsetsOf } from './endpoints.ts';
import { startCluster } from './testing/cluster.ts';

const service = (extra: object = {}) =>
  ({
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'default' } },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...extra },
  }) as unknown as Service;
const pod = (name: string, isReady: boolean): Pod =>
  ({
    metadata: { name, namespace: 'default', uid: name, labels: { app: 'web' } },
    spec: { containers: [] },
    status: { podIP: '10.0.0.1', conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
  }) as unknown as Pod;

test('ready pods are addresses, others are told apart, unless the service wants them all', () => {
  const count = (wanted: Service) =>
    subsetsOf(wanted, [pod('a', true), pod('b', false)]).map(({ addresses, notReadyAddresses, ports }) => [
      addresses?.length,
      notReadyAddresses?.length,
      ports![0]!.port,
    ]);
  assert.deepEqual(count(service()), [[1, 1, 8080]]);
  assert.deepEqual(count(service({ publishNotReadyAddresses: true })), [[2, undefined, 8080]]);
});

test('endpoints of a service go with it, those somebody made by hand stay', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [endpointsController()]);
  const place = { namespace: 'default', name: 'manual' };
  await client.create('endpoints', { apiVersion: 'v1', kind: 'Endpoints', metadata: place });
  await client.create('services', service() as any);
  await eventually('endpoints', () => caches('endpoints').get('default', 'web'));
  await client.delete('services', { namespace: 'default', name: 'web' });
  await eventually('endpoints', () => caches('endpoints').list('default').length === 1);
  assert.ok(caches('endpoints').get('default', 'manual'));
});
