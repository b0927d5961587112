import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { AdmissionRequest } from '../contracts.ts';
import { objectBytesMax } from '../storage/storage.ts';
import { configMap, configMaps, deployment, deployments, may, must, pod, pods } from '../testing/objects.ts';
import { startServer } from '../testing/start.ts';

const server = await startServer();
after(() => server.stop());

const mergePatch = 'application/merge-patch+json';

test('a created object has a uid, a creation time, a revision, defaults and the first generation', async () => {
  const made = await must(server, 'POST', deployments, deployment('made'));
  assert.match(made.metadata.uid, /^[0-9a-f-]{36}$/);
  assert.match(made.metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.ok(Number(made.metadata.resourceVersion) > 0);
  assert.equal(made.metadata.generation, 1);
  assert.equal(made.spec.revisionHistoryLimit, 10);
  assert.equal(made.metadata.managedFields[0].operation, 'Update');
});

test('the creator owns what it asked for, and nobody what was added to it', async () => {
  const adds = {
    name: 'Adds',
    mutate({ object }: AdmissionRequest) {
      object!.metadata.annotations = { added: 'by the cluster' };
    },
  };
  const adding = await startServer({ admission: [adds] });
  const body = { ...pod('owned'), status: { phase: 'Running' } };
  const { metadata } = await must(adding, 'POST', pods, body);
  await adding.stop();
  const [{ fieldsV1 }] = metadata.managedFields;
  assert.deepEqual(metadata.annotations, { added: 'by the cluster' });
  assert.deepEqual(Object.keys(fieldsV1), ['f:spec']);
  assert.deepEqual(fieldsV1['f:spec']['f:restartPolicy'], {});
});

test('creates that begin together take each step together', async () => {
  const steps: string[] = [];
  const note = (step: string) => (request: AdmissionRequest) => {
    if (request.kind.resource === 'configmaps') steps.push(`${step} ${request.name}`);
  };
  const noting = await startServer({
    admission: [{ name: 'Notes', mutate: note('mutate'), validate: note('validate') }],
  });
  await Promise.all(['a', 'b'].map((name) => must(noting, 'POST', configMaps, configMap(name))));
  await noting.stop();
  assert.deepEqual(steps, ['mutate a', 'mutate b', 'validate a', 'validate b']);
});

test('what a client may not set on create is cleared or refused', async () => {
  const body = configMap('cleared');
  Object.assign(body.metadata, { uid: 'mine', deletionTimestamp: '2020-01-01T00:00:00Z' });
  const made = await must(server, 'POST', configMaps, body);
  assert.notEqual(made.metadata.uid, 'mine');
  assert.equal(made.metadata.deletionTimestamp, undefined);
  const versioned = { ...configMap('versioned'), metadata: { name: 'versioned', resourceVersion: '3' } };
  assert.equal((await may(server, 'POST', configMaps, versioned)).code, 400);
  const wrong = await may(server, 'POST', configMaps, { ...versioned, data: { 'no key!': '' } });
  assert.equal(wrong.code, 422, 'what is wrong with the object itself is said first');
});

test('an update cannot begin a deletion, nor end one', async () => {
  const made = await must(server, 'POST', configMaps, {
    ...configMap('lasting'),
    metadata: { name: 'lasting', finalizers: ['a.b/c'] },
  });
  const going = { ...made.metadata, deletionTimestamp: '2020-01-01T00:00:00Z', deletionGracePeriodSeconds: 0 };
  const { code, body } = await may(server, 'PUT', `${configMaps}/lasting`, { ...made, metadata: going });
  assert.equal(code, 422);
  assert.match(body.message, /metadata\.deletionTimestamp: Invalid value: "2020-01-01T00:00:00Z": field is immutable/);
  await must(server, 'DELETE', `${configMaps}/lasting`);
  const { resourceVersion: _, ...metadata } = made.metadata;
  const kept = await must(server, 'PUT', `${configMaps}/lasting`, { ...made, metadata });
  assert.ok(kept.metadata.deletionTimestamp);
});

test('a second object of the same name is refused with AlreadyExists', async () => {
  await must(server, 'POST', configMaps, configMap('twice'));
  const { code, body } = await may(server, 'POST', configMaps, configMap('twice'));
  assert.equal(code, 409);
  assert.equal(body.reason, 'AlreadyExists');
});

test('generateName makes names of its own', async () => {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'made-' } };
  const [first, second] = [await must(server, 'POST', configMaps, body), await must(server, 'POST', configMaps, body)];
  assert.match(first.metadata.name, /^made-[a-z0-9]{5}$/);
  assert.notEqual(first.metadata.name, second.metadata.name);
});

test('a body of another namespace, kind or version than the URL is refused', async () => {
  const elsewhere = { ...configMap('x'), metadata: { name: 'x', namespace: 'kube-system' } };
  assert.equal((await may(server, 'POST', configMaps, elsewhere)).code, 400);
  assert.equal((await may(server, 'POST', configMaps, { ...configMap('x'), kind: 'Secret' })).code, 400);
  assert.equal((await may(server, 'POST', configMaps, { ...configMap('x'), apiVersion: 'v2' })).code, 400);
});

test('unknown fields are refused when strict, warned of by default, and dropped', async () => {
  const body = { ...configMap('unknown'), extra: 1 };
  const strict = await may(server, 'POST', `${configMaps}?fieldValidation=Strict`, body);
  assert.equal(strict.code, 400);
  assert.match(strict.body.message, /unknown field "extra"/);
  const warned = await may(server, 'POST', configMaps, body);
  assert.deepEqual(warned.warnings, ['unknown field "extra"']);
  assert.equal(warned.body.extra, undefined);
});

test('what is deprecated is warned of, of kinds with every answer, of values when they are written', async () => {
  const services = '/api/v1/namespaces/default/services';
  const spec = { ports: [{ port: 80 }], trafficDistribution: 'PreferClose' };
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'near' }, spec };
  const said = ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'];
  assert.deepEqual((await may(server, 'POST', services, service)).warnings, said);
  assert.deepEqual((await may(server, 'GET', `${services}/near`)).warnings, []);
  const { body } = await may(server, 'GET', `${services}/near`);
  assert.deepEqual((await may(server, 'PUT', `${services}/near`, body)).warnings, said);
  assert.deepEqual((await may(server, 'GET', '/api/v1/namespaces/default/endpoints')).warnings, [
    'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  ]);
});

test('an update of an older version is a conflict, one without a version is not', async () => {
  const made = await must(server, 'POST', configMaps, configMap('versions'));
  const path = `${configMaps}/versions`;
  await must(server, 'PUT', path, { ...made, data: { a: '1' } });
  const late = await may(server, 'PUT', path, { ...made, data: { a: '2' } });
  assert.equal(late.code, 409);
  assert.equal(late.body.reason, 'Conflict');
  const { resourceVersion: _, ...metadata } = made.metadata;
  assert.deepEqual((await must(server, 'PUT', path, { ...made, metadata, data: { a: '3' } })).data, { a: '3' });
});

test('an update that changes nothing writes nothing', async () => {
  const made = await must(server, 'POST', deployments, deployment('still'));
  const again = await must(server, 'PUT', `${deployments}/still`, made);
  assert.equal(again.metadata.resourceVersion, made.metadata.resourceVersion);
  const patched = await must(server, 'PATCH', `${deployments}/still`, { spec: { replicas: 1 } }, mergePatch);
  assert.equal(patched.metadata.resourceVersion, made.metadata.resourceVersion);
});

test('the generation rises with the spec, not with metadata or status', async () => {
  await must(server, 'POST', deployments, deployment('generations'));
  const path = `${deployments}/generations`;
  const labelled = await must(server, 'PATCH', path, { metadata: { labels: { a: 'b' } } }, mergePatch);
  assert.equal(labelled.metadata.generation, 1);
  const scaled = await must(server, 'PATCH', path, { spec: { replicas: 2 } }, mergePatch);
  assert.equal(scaled.metadata.generation, 2);
  const status = await must(server, 'PATCH', `${path}/status`, { status: { replicas: 2 } }, mergePatch);
  assert.equal(status.metadata.generation, 2);
  assert.equal(status.status.replicas, 2);
});

test('status writes only status, the object itself never does', async () => {
  const made = await must(server, 'POST', deployments, deployment('parts'));
  const path = `${deployments}/parts`;
  const both = { ...made, spec: { ...made.spec, replicas: 9 }, status: { replicas: 5 } };
  const viaStatus = await must(server, 'PUT', `${path}/status`, both);
  assert.equal(viaStatus.spec.replicas, 1);
  assert.equal(viaStatus.status.replicas, 5);
  const viaObject = await must(server, 'PUT', path, { ...viaStatus, status: { replicas: 7 } });
  assert.equal(viaObject.status.replicas, 5);
});

test('a dry run answers with what would be stored, and stores nothing', async () => {
  const { code, body } = await may(server, 'POST', `${configMaps}?dryRun=All`, configMap('dry'));
  assert.equal(code, 201);
  assert.equal(body.metadata.name, 'dry');
  assert.equal((await may(server, 'GET', `${configMaps}/dry`)).code, 404);
  await must(server, 'POST', configMaps, configMap('wet', { a: '1' }));
  const patched = await must(server, 'PATCH', `${configMaps}/wet?dryRun=All`, { data: { a: '2' } }, mergePatch);
  assert.equal(patched.data.a, '2');
  assert.equal((await must(server, 'GET', `${configMaps}/wet`)).data.a, '1');
  for (const value of ['Some', ''])
    assert.equal((await may(server, 'POST', `${configMaps}?dryRun=${value}`, configMap('dry'))).code, 422, value);
});

test('patches make no object larger than one is stored, and what is that large can be let go', async () => {
  // Free-form, and so without a bound of its own.
  const revisions = '/apis/apps/v1/namespaces/default/controllerrevisions';
  const data = (length: number) => ({ data: { text: 'x'.repeat(length) } });
  const revision = { apiVersion: 'apps/v1', kind: 'ControllerRevision', revision: 1 };
  const metadata = { name: 'full', finalizers: ['example.com/held'] };
  const tooMuch = await may(server, 'POST', revisions, { ...revision, metadata, ...data(objectBytesMax) });
  assert.deepEqual([tooMuch.code, tooMuch.body.reason], [413, 'RequestEntityTooLarge']);
  const tried = await must(server, 'POST', `${revisions}?dryRun=All`, { ...revision, metadata, ...data(0) });
  const overhead = JSON.stringify(tried).length;
  const path = `${revisions}/full`;
  await must(server, 'POST', revisions, { ...revision, metadata, ...data(objectBytesMax - overhead - 100) });
  const annotate = { metadata: { annotations: { more: 'x'.repeat(2000) } } };
  assert.equal((await may(server, 'PATCH', path, annotate, mergePatch)).code, 413);
  assert.equal((await may(server, 'PATCH', `${path}?dryRun=All`, annotate, mergePatch)).code, 413);
  await must(server, 'DELETE', path);
  await must(server, 'PATCH', path, { metadata: { finalizers: null } }, mergePatch);
  assert.equal((await may(server, 'GET', path)).code, 404);
});

test('an update creates what does not exist, for the kinds where upstream does', async () => {
  const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases/by-put';
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'by-put' } };
  const gone = await may(server, 'PUT', path, { ...lease, metadata: { name: 'by-put', uid: 'of-a-deleted-one' } });
  assert.deepEqual([gone.code, gone.body.reason], [409, 'Conflict']);
  const tried = await may(server, 'PUT', `${path}?dryRun=All`, lease);
  assert.equal(tried.code, 201);
  assert.equal((await may(server, 'GET', path)).code, 404, 'a dry run leaves nothing');
  const made = await may(server, 'PUT', path, lease);
  assert.equal(made.code, 201);
  assert.equal((await may(server, 'PUT', path, made.body)).code, 200);
  assert.equal((await may(server, 'PUT', `${configMaps}/by-put`, configMap('by-put'))).code, 404);
});

test('a kind that is updated by version only refuses an update that names none', async () => {
  const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'versioned' } };
  const made = await must(server, 'POST', leases, lease);
  const { code, body } = await may(server, 'PUT', `${leases}/versioned`, lease);
  assert.deepEqual([code, body.details.causes[0].field], [422, 'metadata.resourceVersion']);
  await must(server, 'PUT', `${leases}/versioned`, made);
  const nameless = await may(server, 'PUT', `${leases}/versioned`, { ...lease, metadata: {} });
  assert.deepEqual([nameless.code, nameless.body.reason], [400, 'BadRequest']);
});

test('a dry run of an old version answers in that version', async () => {
  const path = '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers?dryRun=All';
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' };
  const spec = { maxReplicas: 2, targetCPUUtilizationPercentage: 50, scaleTargetRef };
  const kind = { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', metadata: { name: 'old' } };
  const { apiVersion, spec: answered } = await must(server, 'POST', path, { ...kind, spec });
  assert.deepEqual([apiVersion, answered.targetCPUUtilizationPercentage], ['autoscaling/v1', 50]);
});

test('options are validated as objects are: 422 says which of them is wrong', async () => {
  await must(server, 'POST', configMaps, configMap('optional'));
  const path = `${configMaps}/optional`;
  const asked: [string, string, unknown, string][] = [
    ['POST', `${configMaps}?dryRun=Some`, configMap('x'), 'dryRun'],
    ['POST', `${configMaps}?fieldValidation=Some`, configMap('x'), 'fieldValidation'],
    ['POST', `${configMaps}?fieldManager=${'a'.repeat(129)}`, configMap('x'), 'fieldManager'],
    ['POST', `${configMaps}?fieldManager=a%07b`, configMap('x'), 'fieldManager'],
    ['DELETE', path, { propagationPolicy: 'Some' }, 'propagationPolicy'],
    ['DELETE', path, { propagationPolicy: 'Orphan', orphanDependents: true }, 'propagationPolicy'],
    ['GET', `${configMaps}?resourceVersionMatch=Exact`, undefined, 'resourceVersionMatch'],
  ];
  for (const [method, where, body, field] of asked) {
    const { code, body: status } = await may(server, method, where, body);
    assert.deepEqual([code, status.details?.causes?.[0].field], [422, field], where);
  }
  const forced = await may(server, 'PATCH', `${path}?force=true`, {}, mergePatch);
  assert.deepEqual([forced.code, forced.body.details.causes[0].field], [422, 'force']);
  for (const [where, body] of [
    [path, { kind: 'Pod' }],
    [`${path}?gracePeriodSeconds=soon`, undefined],
  ] as const)
    assert.equal((await may(server, 'DELETE', where, body)).code, 400);
  assert.equal((await may(server, 'GET', path)).code, 200);
});
