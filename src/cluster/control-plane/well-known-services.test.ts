import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from '../../client/client.ts';
import { inProcessTransport } from '../../client/in-process.ts';
import { startServer, testAdmin } from '../../server/testing/start.ts';
import { publishServiceRange, publishWellKnownServices } from './well-known-services.ts';

async function startClient(context: import('node:test').TestContext) {
  const server = await startServer({ namespaces: ['default', 'kube-system'] });
  context.after(() => server.stop());
  return createClient(inProcessTransport(server, testAdmin));
}

test('the API and DNS are found as services, endpoints and slices, also when they have moved', async (context) => {
  const client = await startClient(context);
  const addresses = { apiServiceAddress: '10.96.0.1', dnsServiceAddress: '10.96.0.10', gatewayAddress: '10.244.0.1' };
  for (const apiPort of [6443, 7443]) {
    await publishWellKnownServices(client, { ...addresses, apiPort });
    const name = { namespace: 'default', name: 'kubernetes' };
    const endpoints = await client.get<any>('endpoints', name);
    assert.deepEqual(endpoints.subsets, [
      { addresses: [{ ip: '10.244.0.1' }], ports: [{ name: 'https', port: apiPort, protocol: 'TCP' }] },
    ]);
    assert.equal(endpoints.metadata.labels['endpointslice.kubernetes.io/skip-mirror'], 'true');
    const slice = await client.get<any>('endpointslices.discovery.k8s.io', name);
    assert.deepEqual([slice.endpoints[0].addresses, slice.ports[0].port], [['10.244.0.1'], apiPort]);
  }
  const dns = await client.get<any>('endpoints', { namespace: 'kube-system', name: 'kube-dns' });
  assert.deepEqual(
    dns.subsets[0].ports.map(({ name }: { name: string }) => name),
    ['dns', 'dns-tcp'],
  );
});

test('the range of services is an object that is ready and says what is configured', async (context) => {
  const client = await startClient(context);
  const ranges = 'servicecidrs.networking.k8s.io';
  const published = async (range: string) => {
    await publishServiceRange(client, range);
    const { metadata, spec, status } = await client.get<any>(ranges, { name: 'kubernetes' });
    assert.deepEqual([spec.cidrs, status.conditions[0].type, status.conditions[0].status], [[range], 'Ready', 'True']);
    return metadata.uid;
  };
  const uid = await published('10.96.0.0/16');
  assert.equal(await published('10.96.0.0/16'), uid, 'made once');
  assert.notEqual(await published('10.97.0.0/16'), uid);
});
