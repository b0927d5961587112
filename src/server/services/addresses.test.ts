import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { may, must } from '../testing/objects.ts';
import { startServer } from '../testing/start.ts';

const server = await startServer();
after(() => server.stop());

const services = '/api/v1/namespaces/default/services';
const service = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
});

test('every service gets an address of its own, headless and external ones none', async () => {
  const made = await Promise.all(
    Array.from({ length: 50 }, (_, index) => must(server, 'POST', services, service(`many-${index}`))),
  );
  assert.equal(new Set(made.map(({ spec }) => spec.clusterIP)).size, 50);
  for (const { spec } of made) assert.match(spec.clusterIP, /^10\.96\./);
  assert.equal(
    (await must(server, 'POST', services, service('headless', { clusterIP: 'None' }))).spec.clusterIP,
    'None',
  );
  const external = { type: 'ExternalName', externalName: 'example.com', ports: [] };
  assert.equal((await must(server, 'POST', services, service('external', external))).spec.clusterIP, undefined);
});

test('an address that is taken or outside of the range is refused', async () => {
  await must(server, 'POST', services, service('fixed', { clusterIP: '10.96.0.77' }));
  const taken = await may(server, 'POST', services, service('late', { clusterIP: '10.96.0.77' }));
  assert.equal(taken.code, 422);
  assert.match(taken.body.message, /already allocated/);
  assert.equal((await may(server, 'POST', services, service('out', { clusterIP: '192.168.0.1' }))).code, 422);
});

test('node ports are given once, kept by updates, and taken away with the type', async () => {
  const made = await must(server, 'POST', services, service('ported', { type: 'NodePort' }));
  const { nodePort } = made.spec.ports[0];
  assert.ok(nodePort >= 30_000 && nodePort <= 32_767);
  const fixed = { type: 'NodePort', ports: [{ port: 80, nodePort }] };
  assert.equal((await may(server, 'POST', services, service('thief', fixed))).code, 422);
  const replaced = await must(server, 'PUT', `${services}/ported`, service('ported', { type: 'NodePort' }));
  assert.equal(replaced.spec.ports[0].nodePort, nodePort);
  assert.equal(replaced.spec.clusterIP, made.spec.clusterIP);
  const mergePatch = 'application/merge-patch+json';
  const inner = await must(server, 'PATCH', `${services}/ported`, { spec: { type: 'ClusterIP' } }, mergePatch);
  assert.equal(inner.spec.ports[0].nodePort, undefined);
});

test('what a client repeats of the old type goes with it, what it asks anew is refused', async () => {
  const made = await must(server, 'POST', services, service('moving', { type: 'NodePort' }));
  const external = { ...made, spec: { ...made.spec, type: 'ExternalName', externalName: 'example.com' } };
  const moved = await must(server, 'PUT', `${services}/moving`, external);
  for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'externalTrafficPolicy'])
    assert.equal(field in moved.spec, false, field);
  assert.equal(moved.spec.ports[0].nodePort, undefined);
  const asking = { ...moved, spec: { ...moved.spec, ports: [{ port: 80, nodePort: 30_123 }] } };
  const refused = await may(server, 'PUT', `${services}/moving`, asking);
  assert.match(refused.body.message, /nodePort: Forbidden: may not be used when `type` is 'ExternalName'/);
  const back = { ...moved, spec: { ...moved.spec, type: 'ClusterIP', externalName: undefined } };
  assert.match((await must(server, 'PUT', `${services}/moving`, back)).spec.clusterIP, /^10\.96\./);
});

test('a port of two protocols has one number on the nodes', async () => {
  const ports = [
    { name: 'a', port: 53, protocol: 'UDP' },
    { name: 'b', port: 53, protocol: 'TCP' },
  ];
  const { spec } = await must(server, 'POST', services, service('dns', { type: 'NodePort', ports }));
  assert.equal(spec.ports[0].nodePort, spec.ports[1].nodePort);
});

test('a dry run takes no address', async () => {
  await must(server, 'POST', `${services}?dryRun=All`, service('trial', { clusterIP: '10.96.0.88' }));
  await must(server, 'POST', services, service('real', { clusterIP: '10.96.0.88' }));
});

test('what a service gave up is another’s at once: by deletion, by another port, by another type', async () => {
  const ports = (nodePort: number) => ({ type: 'NodePort', ports: [{ port: 80, nodePort }] });
  const replaceable = (name: string, nodePort: number) => service(name, { ...ports(nodePort) });
  const first = await must(server, 'POST', services, service('first', { ...ports(31_001), clusterIP: '10.96.0.99' }));
  await must(server, 'DELETE', `${services}/first`);
  assert.equal(first.spec.clusterIP, '10.96.0.99');
  await must(server, 'POST', services, service('second', { ...ports(31_001), clusterIP: '10.96.0.99' }));
  await must(server, 'PUT', `${services}/second`, replaceable('second', 31_002));
  await must(server, 'POST', services, replaceable('third', 31_001));
  const external = { type: 'ExternalName', externalName: 'example.com' };
  const mergePatch = 'application/merge-patch+json';
  await must(server, 'PATCH', `${services}/third`, { spec: external }, mergePatch);
  await must(server, 'POST', services, replaceable('fourth', 31_001));
});
