import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { configMap, configMaps, deployment, deployments, may, must, pods } from '../testing/objects.ts';
import { startServer } from '../testing/start.ts';

const server = await startServer();
after(() => server.stop());

const mergePatch = 'application/merge-patch+json';
const jsonPatch = 'application/json-patch+json';
const strategicPatch = 'application/strategic-merge-patch+json';
const applyType = 'application/apply-patch+yaml';

test('each of the four kinds of patch does what its standard says', async () => {
  await must(server, 'POST', deployments, deployment('patched'));
  const path = `${deployments}/patched`;
  const containers = [{ name: 'other', image: 'two' }];
  const strategic = { spec: { template: { spec: { containers } } } };
  const merged = await must(server, 'PATCH', path, strategic, strategicPatch);
  assert.deepEqual(merged.spec.template.spec.containers.map((each: any) => each.name).sort(), ['main', 'other']);
  const replaced = await must(server, 'PATCH', path, strategic, mergePatch);
  assert.deepEqual(
    replaced.spec.template.spec.containers.map((each: any) => each.name),
    ['other'],
  );
  const operations = [
    { op: 'test', path: '/spec/replicas', value: 1 },
    { op: 'replace', path: '/spec/replicas', value: 4 },
  ];
  assert.equal((await must(server, 'PATCH', path, operations, jsonPatch)).spec.replicas, 4);
  assert.equal((await may(server, 'PATCH', path, operations, jsonPatch)).code, 422);
});

test('a patch that names a version or a uid applies to that one only', async () => {
  const made = await must(server, 'POST', configMaps, configMap('pinned'));
  const path = `${configMaps}/pinned`;
  const { resourceVersion } = made.metadata;
  await must(server, 'PATCH', path, { metadata: { resourceVersion }, data: { a: '1' } }, mergePatch);
  const late = await may(server, 'PATCH', path, { metadata: { resourceVersion }, data: { a: '2' } }, mergePatch);
  assert.equal(late.code, 409);
  assert.equal((await may(server, 'PATCH', path, { metadata: { uid: 'another' } }, mergePatch)).code, 409);
});

test('server-side apply creates, is idempotent, and names who holds a field', async () => {
  const path = `${deployments}/applied?fieldManager=`;
  const created = await may(server, 'PATCH', `${path}one`, deployment('applied', 2), applyType);
  assert.equal(created.code, 201);
  const again = await must(server, 'PATCH', `${path}one`, deployment('applied', 2), applyType);
  assert.equal(again.metadata.resourceVersion, created.body.metadata.resourceVersion);
  const refused = await may(server, 'PATCH', `${path}two`, deployment('applied', 3), applyType);
  assert.equal(refused.code, 409);
  assert.deepEqual(
    refused.body.details.causes.map(({ reason, field }: any) => ({ reason, field })),
    [{ reason: 'FieldManagerConflict', field: '.spec.replicas' }],
  );
  const forced = await must(server, 'PATCH', `${path}two&force=true`, deployment('applied', 3), applyType);
  assert.equal(forced.spec.replicas, 3);
  assert.equal((await may(server, 'PATCH', `${deployments}/applied`, deployment('applied'), applyType)).code, 422);
});

test('concurrent patches all succeed: each is made on the newest object', async () => {
  await must(server, 'POST', configMaps, configMap('busy'));
  const names = Array.from({ length: 20 }, (_, index) => `key-${index}`);
  await Promise.all(
    names.map((name) => must(server, 'PATCH', `${configMaps}/busy`, { data: { [name]: '1' } }, mergePatch)),
  );
  assert.equal(Object.keys((await must(server, 'GET', `${configMaps}/busy`)).data).length, 20);
});

test('a JSON patch may add to a status that nobody has written yet', async () => {
  const claims = '/apis/resource.k8s.io/v1/namespaces/default/resourceclaims';
  const claim = { apiVersion: 'resource.k8s.io/v1', kind: 'ResourceClaim', metadata: { name: 'fresh' }, spec: {} };
  // as upstream's objects: what reads `status.x` needs no guard
  assert.deepEqual((await must(server, 'POST', claims, claim)).status, {});
  const add = [{ op: 'add', path: '/status/allocation', value: {} }];
  const { status } = await must(server, 'PATCH', `${claims}/fresh/status`, add, jsonPatch);
  assert.deepEqual(status, { allocation: {} });
});

test('whoever applied and gives up everything leaves no list of managers behind', async () => {
  const own = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'given-up' } };
  const path = `${configMaps}/given-up?fieldManager=a`;
  await must(server, 'PATCH', path, { ...own, data: { a: 'b' } }, applyType);
  assert.equal('managedFields' in (await must(server, 'PATCH', path, own, applyType)).metadata, false);
});

test('managed fields come in Kubernetes’ order, whatever the order of the object', async () => {
  const isOrdered = (fields: Record<string, any>): boolean => {
    const names = Object.keys(fields);
    return names.join() === [...names].sort().join() && names.every((name) => isOrdered(fields[name]));
  };
  const made = await must(server, 'POST', deployments, deployment('ordered'));
  const changes = { spec: { template: { spec: { dnsPolicy: 'Default', containers: [{ name: 'main', tty: true }] } } } };
  const changed = await must(server, 'PATCH', `${deployments}/ordered?fieldManager=b`, changes, strategicPatch);
  const again = await must(
    server,
    'PATCH',
    `${deployments}/ordered?fieldManager=b`,
    { spec: { paused: true } },
    strategicPatch,
  );
  for (const { metadata } of [made, changed, again])
    for (const { fieldsV1 } of metadata.managedFields) assert.ok(isOrdered(fieldsV1), JSON.stringify(fieldsV1));
});

test('an apply says which version it is of, and no field that the schema does not know', async () => {
  const path = `${configMaps}/strict?fieldManager=a`;
  const { apiVersion: _, ...nameless } = configMap('strict');
  assert.equal((await may(server, 'PATCH', path, nameless, applyType)).code, 400);
  assert.equal((await may(server, 'PATCH', path, { ...configMap('strict'), extra: 1 }, applyType)).code, 400);
  assert.equal((await may(server, 'PATCH', path, configMap('strict'), applyType)).code, 201);
});

test('a JSON patch replaces a field of an object that is not there, but no item of a list', async () => {
  await must(server, 'POST', configMaps, configMap('replaced', { a: '1' }));
  const replace = (path: string) => [{ op: 'replace', path, value: '2' }];
  const { data } = await must(server, 'PATCH', `${configMaps}/replaced`, replace('/data/b'), jsonPatch);
  assert.deepEqual(data, { a: '1', b: '2' });
  const nowhere = await may(server, 'PATCH', `${configMaps}/replaced`, replace('/metadata/finalizers/0'), jsonPatch);
  assert.equal(nowhere.code, 422);
});

test('a status that is applied to the object is neither written nor owned, so that its own path may apply it', async () => {
  const path = `${pods}/applied-status`;
  const spec = { containers: [{ name: 'c', image: 'i' }] };
  const of = (more: object) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'applied-status' }, ...more });
  const status = { conditions: [{ type: 'Mine', status: 'True' }] };
  await must(server, 'PATCH', `${path}?fieldManager=one`, of({ spec }), applyType);
  const plain = await must(server, 'PATCH', `${path}?fieldManager=two`, of({ status }), applyType);
  const types = (object: any) => object.status.conditions?.map(({ type }: any) => type) ?? [];
  assert.ok(!types(plain).includes('Mine'));
  const applied = await must(server, 'PATCH', `${path}/status?fieldManager=two`, of({ status }), applyType);
  assert.ok(types(applied).includes('Mine'));
});

test('of many conflicts a thousand are told, and how many there are', async () => {
  const applied = (value: string) => ({
    ...configMap('contested', Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`k${index}`, value]))),
  });
  const as = (manager: string) => `${configMaps}/contested?fieldManager=${manager}`;
  await must(server, 'PATCH', as('one'), applied('a'), applyType);
  const { code, body } = await may(server, 'PATCH', as('two'), applied('b'), applyType);
  assert.deepEqual([code, body.details.causes.length], [409, 1000]);
  assert.match(body.message, /^Apply failed with 1001 conflicts: /);
});

test('what is applied as empty empties what others have set, is owned, and is written as Go writes it', async () => {
  const path = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies/closed';
  const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'closed' } };
  const apply = (manager: string, ingress: object[]) => {
    const spec = { podSelector: {}, policyTypes: ['Ingress'], ingress };
    return must(server, 'PATCH', `${path}?fieldManager=${manager}&force=true`, { ...policy, spec }, applyType);
  };
  await apply('somebody', [{ from: [{ podSelector: {} }] }]);
  const { spec, metadata } = await apply('other', []);
  assert.deepEqual(spec, { podSelector: {}, policyTypes: ['Ingress'] });
  const owners = metadata.managedFields.filter(({ fieldsV1 }: any) => 'f:ingress' in fieldsV1['f:spec']);
  assert.deepEqual(
    owners.map(({ manager }: any) => manager),
    ['other'],
  );
  assert.equal((await apply('other', [])).metadata.resourceVersion, metadata.resourceVersion);
});
