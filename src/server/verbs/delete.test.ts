import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { manualClock } from '../../foundation/clock.ts';
import { configMap, configMaps, deployment, deployments, may, must, pod, pods } from '../testing/objects.ts';
import { startServer } from '../testing/start.ts';

const server = await startServer();
after(() => server.stop());

test('an object that others wait for is marked, and goes with its last finalizer', async () => {
  const body = { ...configMap('held'), metadata: { name: 'held', finalizers: ['example.com/hold'] } };
  await must(server, 'POST', configMaps, body);
  const path = `${configMaps}/held`;
  const marked = await must(server, 'DELETE', path);
  assert.ok(marked.metadata.deletionTimestamp);
  assert.equal((await must(server, 'GET', path)).metadata.name, 'held');
  await must(server, 'PATCH', path, { metadata: { finalizers: null } }, 'application/merge-patch+json');
  assert.equal((await may(server, 'GET', path)).code, 404);
});

test('propagation policies become the finalizers the garbage collector acts on', async () => {
  for (const [policy, finalizer] of [
    ['Foreground', 'foregroundDeletion'],
    ['Orphan', 'orphan'],
  ] as const) {
    const name = `owner-${finalizer.toLowerCase()}`;
    await must(server, 'POST', deployments, deployment(name));
    const marked = await must(server, 'DELETE', `${deployments}/${name}`, { propagationPolicy: policy });
    assert.deepEqual(marked.metadata.finalizers, [finalizer]);
  }
});

test('a delete whose precondition does not hold is a conflict', async () => {
  await must(server, 'POST', configMaps, configMap('guarded'));
  const path = `${configMaps}/guarded`;
  const refused = await may(server, 'DELETE', path, { preconditions: { uid: 'another' } });
  assert.equal(refused.code, 409);
  const { uid } = (await must(server, 'GET', path)).metadata;
  assert.equal((await must(server, 'DELETE', path, { preconditions: { uid } })).status, 'Success');
});

test('options that are null are absent, those of a wrong type are refused', async () => {
  await must(server, 'POST', configMaps, configMap('optional'));
  const path = `${configMaps}/optional`;
  for (const wrong of [
    { dryRun: 'All' },
    { gracePeriodSeconds: '1' },
    { gracePeriodSeconds: -1 },
    { preconditions: 1 },
    [],
  ])
    assert.equal((await may(server, 'DELETE', path, wrong)).code, 400, JSON.stringify(wrong));
  assert.equal((await may(server, 'DELETE', `${path}?dryRun=All`, { dryRun: ['Some'] })).code, 422);
  const absent = { preconditions: null, gracePeriodSeconds: null, dryRun: null, propagationPolicy: null };
  assert.equal((await must(server, 'DELETE', path, absent)).status, 'Success');
});

test('a pod on no node goes at once, one on a node gets its grace period until its agent says so', async () => {
  await must(server, 'POST', pods, pod('nowhere'));
  await must(server, 'DELETE', `${pods}/nowhere`);
  assert.equal((await may(server, 'GET', `${pods}/nowhere`)).code, 404);
  await must(server, 'POST', pods, pod('somewhere', { nodeName: 'node-1', terminationGracePeriodSeconds: 40 }));
  const going = await must(server, 'DELETE', `${pods}/somewhere`);
  assert.equal(going.metadata.deletionGracePeriodSeconds, 40);
  const sooner = await must(server, 'DELETE', `${pods}/somewhere`, { gracePeriodSeconds: 5 });
  assert.equal(sooner.metadata.deletionGracePeriodSeconds, 5);
  await must(server, 'DELETE', `${pods}/somewhere`, { gracePeriodSeconds: 0 });
  assert.equal((await may(server, 'GET', `${pods}/somewhere`)).code, 404);
});

test('a shorter grace counts from the first delete, a longer one does not count', async (t) => {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const own = await startServer({ clock });
  t.after(() => own.stop());
  await must(own, 'POST', pods, pod('going', { nodeName: 'node-1', terminationGracePeriodSeconds: 40 }));
  const going = await must(own, 'DELETE', `${pods}/going`);
  assert.equal(going.metadata.deletionTimestamp, '2026-01-01T00:00:40Z');
  clock.advance(20_000);
  const sooner = await must(own, 'DELETE', `${pods}/going`, { gracePeriodSeconds: 30 });
  assert.equal(sooner.metadata.deletionTimestamp, '2026-01-01T00:00:30Z');
  assert.deepEqual(
    [sooner.metadata.deletionGracePeriodSeconds, sooner.metadata.generation],
    [30, going.metadata.generation],
  );
  const { metadata } = await must(own, 'DELETE', `${pods}/going`, { gracePeriodSeconds: 60 });
  assert.deepEqual(metadata, sooner.metadata);
});

test('deletecollection deletes what the selector matches, and nothing else', async () => {
  for (const [name, group] of [
    ['some-1', 'a'],
    ['some-2', 'a'],
    ['some-3', 'b'],
  ] as const)
    await must(server, 'POST', configMaps, configMap(name, {}, { group }));
  await must(server, 'DELETE', `${configMaps}?labelSelector=group%3Da`);
  const { items } = await must(server, 'GET', `${configMaps}?labelSelector=group`);
  assert.deepEqual(
    items.map(({ metadata }: any) => metadata.name),
    ['some-3'],
  );
});

test('a namespace stays until its finalizers are taken by the finalize subresource', async () => {
  await must(server, 'POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'going' },
  });
  const path = '/api/v1/namespaces/going';
  const marked = await must(server, 'DELETE', path);
  assert.equal(marked.status.phase, 'Terminating');
  assert.deepEqual(marked.spec.finalizers, ['kubernetes']);
  await must(server, 'PUT', `${path}/finalize`, { ...marked, spec: { finalizers: [] } });
  assert.equal((await may(server, 'GET', path)).code, 404);
});

test('a delete that says nothing of pods leaves those of a job alone, and answers with what is gone where upstream does', async () => {
  const jobs = '/apis/batch/v1/namespaces/default/jobs';
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'example' }] } };
  const job = (name: string) => ({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: { template } });
  await must(server, 'POST', jobs, job('left'));
  assert.deepEqual((await must(server, 'DELETE', `${jobs}/left`)).metadata.finalizers, ['orphan']);
  await must(server, 'POST', jobs, job('with-pods'));
  const { kind } = await must(server, 'DELETE', `${jobs}/with-pods`, { propagationPolicy: 'Background' });
  assert.equal(kind, 'Status');
  const claims = '/api/v1/namespaces/default/serviceaccounts';
  await must(server, 'POST', claims, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'gone' } });
  assert.equal((await must(server, 'DELETE', `${claims}/gone`)).metadata.name, 'gone');
});
