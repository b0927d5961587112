import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createHttpsTransport } from '../../client/https-transport.ts';
import { checks } from '../checks.ts';
import { contextOf, judge } from '../judge/judge.ts';
import { judgedObjects } from '../judge/judged-objects.ts';
import { type ReadOptions, readCluster } from './cluster.ts';
import type { Snapshot } from './snapshot.ts';

const bodyMaxBytes = 2 ** 22;

type Answer = { code?: number; body: unknown } | 'never';
const version = { body: { major: '1', minor: '30+', gitVersion: 'v1.30.1-eks' } };

/** An API server that answers as no real one does: with this to the lists of some resources, and not at all to others. */
async function readFrom(
  t: TestContext,
  answers: Record<string, (query: URLSearchParams) => Answer>,
  bounds?: ReadOptions['bounds'],
): Promise<Snapshot> {
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://x');
    const all: typeof answers = { '/version': () => version, ...answers };
    const answer = all[url.pathname];
    const given: Answer = answer?.(url.searchParams) ?? { code: 404, body: { message: 'not here' } };
    if (given === 'never') return;
    const { code = 200, body } = given;
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const transport = createHttpsTransport({ server: address }, { bodyMaxBytes });
  t.after(() => transport.close());
  return readCluster(transport, { nowMs: 0, bounds: { busyWaitMs: 1, ...bounds } });
}

const pods = '/api/v1/pods';
const list = (items: unknown, more: object = {}) => ({
  body: { kind: 'PodList', apiVersion: 'v1', items, metadata: {}, ...more },
});
const pod = (fields: object) => ({ metadata: { name: 'a', namespace: 'b' }, ...fields });
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

test('an API server that is none makes kinds unread, each with why', async (t) => {
  let page = 0;
  const cases: [string, (query: URLSearchParams) => Answer, RegExp][] = [
    ['endless', () => list([], { metadata: { continue: 'again' } }), /the same page again and again/],
    ['never ending', () => list([], { metadata: { continue: `${page++}` } }), /more than 2000 pages/],
    ['huge', () => list([pod({ x: 'x'.repeat(bodyMaxBytes) })]), /5 objects: the answer is larger than 4194304 bytes/],
    [
      'deep',
      () => ({ body: `{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a"},"x":${nested(2000)}}]}` }),
      /nested more than 100 deep/,
    ],
    [
      'of other kind',
      () => ({ body: { kind: 'SecretList', apiVersion: 'v1', items: [] } }),
      /answered with SecretList instead of PodList/,
    ],
    ['of other version', () => list([], { apiVersion: 'v9' }), /answered in v9 instead of v1/],
    ['of other items', () => list([{ kind: 'Secret', metadata: { name: 'a' } }]), /is of kind Secret/],
    ['no list', () => list('many'), /has no items/],
    ['no objects', () => list([1]), /has no metadata/],
    ['no names', () => list([{ metadata: { name: {} } }]), /no name/],
    [
      'no labels',
      () => list([{ metadata: { name: 'a', labels: { a: [] } } }]),
      /a label or an annotation that is no text/,
    ],
    ['no owners', () => list([{ metadata: { name: 'a', ownerReferences: 'many' } }]), /owners that are none/],
    ['no JSON', () => ({ body: '<html>' }), /no answer: .*JSON/],
    ['elsewhere', () => ({ code: 302, body: '{}' }), /code 302/],
    ['busy', () => ({ code: 503, body: { message: 'm'.repeat(9999) } }), /^code 503: m{300}$/],
  ];
  for (const [name, answer, why] of cases) {
    const snapshot = await readFrom(t, { [pods]: answer });
    assert.match(snapshot.whyUnread('Pod') ?? 'it was read', why, name);
    assert.deepEqual(snapshot.of('Pod'), [], name);
    assert.equal(snapshot.minor, 30);
    assert.equal(snapshot.closedByDefault, false);
  }
});

test('an object of more than a million values is refused before it is judged', async (t) => {
  const body = (values: number) =>
    `{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a"},"x":[${'1,'.repeat(values)}1]}]}`;
  const few = await readFrom(t, { [pods]: () => ({ body: body(999_000) }) });
  assert.equal(few.of('Pod').length, 1);
  const many = await readFrom(t, { [pods]: () => ({ body: body(1_000_000) }) });
  assert.match(many.whyUnread('Pod')!, /more than 1000000 values/);
});

test('values of Secrets that an API server sends unasked are not kept', async (t) => {
  const body = {
    kind: 'SecretList',
    apiVersion: 'v1',
    items: [{ metadata: { name: 's' }, data: { key: 'c2VjcmV0' } }],
  };
  const snapshot = await readFrom(t, { '/api/v1/secrets': () => ({ body }) });
  assert.match(snapshot.whyUnread('Secret')!, /SecretList instead of PartialObjectMetadataList/);
  assert.doesNotMatch(JSON.stringify(snapshot.objects), /c2VjcmV0/);
});

test('a list that is compacted away begins again, and is whole or unread', async (t) => {
  let asked = 0;
  const expiring = (query: URLSearchParams): Answer => {
    if (!query.has('continue')) return list([pod({})], { metadata: { continue: 'next' } });
    return ++asked === 1 ? { code: 410, body: { message: 'too old' } } : list([pod({ second: true })]);
  };
  const snapshot = await readFrom(t, { [pods]: expiring });
  assert.equal(snapshot.of('Pod').length, 2);
  const never = await readFrom(t, {
    [pods]: (query) => (query.has('continue') ? { code: 410, body: {} } : list([], { metadata: { continue: 'next' } })),
  });
  assert.match(never.whyUnread('Pod')!, /code 410/);
});

test('an API server without version, or that does not know who asks, ends the run with a sentence', async (t) => {
  await assert.rejects(
    readFrom(t, { '/version': () => ({ body: '<html>' }) }),
    /cannot be reached|say it with --kubernetes/,
  );
  await assert.rejects(readFrom(t, { '/version': () => ({ body: {} }) }), /say it with --kubernetes/);
  await assert.rejects(readFrom(t, { '/version': () => ({ code: 401, body: {} }) }), /does not know who asks/);
  await assert.rejects(readFrom(t, { [pods]: () => ({ code: 401, body: {} }) }), /does not know who asks/);
});

test('discovery that makes no sense leaves custom kinds unread', async (t) => {
  for (const body of ['[]', { groups: [null] }, { groups: 'many' }]) {
    const snapshot = await readFrom(t, { '/apis': () => ({ body }) });
    assert.match(snapshot.whyUnread('Gateway.gateway.networking.k8s.io')!, /does not tell which API groups/);
  }
});

test('objects whose fields have any type are judged or not assessed, and owners that are a ring end', async (t) => {
  const types = [null, 1, 'x', [], {}, [null], [[]], { a: null }];
  const items = types.flatMap((spec, index) => [
    { metadata: { name: `spec-${index}`, namespace: 'b' }, spec },
    { metadata: { name: `containers-${index}`, namespace: 'b' }, spec: { containers: spec, volumes: spec } },
    { metadata: { name: `container-${index}`, namespace: 'b' }, spec: { containers: [spec] } },
  ]);
  const owner = (name: string, uid: string, of: string) => ({
    metadata: { name, namespace: 'b', uid, ownerReferences: [{ uid: of, controller: true }] },
    spec: { template: { spec: { containers: [] } } },
  });
  const sets = [owner('one', '1', '2'), owner('two', '2', '3'), owner('three', '3', '1')];
  const snapshot = await readFrom(t, {
    [pods]: () => list(items),
    '/apis/apps/v1/replicasets': () => ({ body: { kind: 'ReplicaSetList', apiVersion: 'apps/v1', items: sets } }),
  });
  assert.equal(snapshot.of('Pod').length, items.length);
  const { objects } = judge(judgedObjects(snapshot), checks, contextOf(snapshot));
  assert.equal(objects, items.length + sets.length);
});

test('an older API server is read in the versions that it has, and custom kinds that it lacks have no objects', async (t) => {
  const groups = [{ name: 'batch', versions: [{ version: 'v1' }, { version: 'v1beta1' }] }];
  const snapshot = await readFrom(t, {
    '/apis': () => ({ body: { groups } }),
    '/apis/batch/v1beta1/cronjobs': () => ({
      body: { kind: 'CronJobList', apiVersion: 'batch/v1beta1', items: [{ metadata: { name: 'old' } }] },
    }),
  });
  assert.deepEqual(
    snapshot.of('CronJob.batch').map(({ apiVersion }) => apiVersion),
    ['batch/v1beta1'],
  );
  assert.equal(snapshot.whyUnread('Gateway.gateway.networking.k8s.io'), undefined);
  assert.match(snapshot.whyUnread('ValidatingAdmissionPolicy.admissionregistration.k8s.io')!, /does not serve it/);
});

test('a cluster may be full up to the bounds, and what is beyond them is unread', async (t) => {
  const answers = { [pods]: () => list([pod({}), pod({})]) };
  const values = 2 * 4;
  const full = await readFrom(t, answers, { objectsMax: 2, valuesMax: values });
  assert.equal(full.of('Pod').length, 2);
  const objects = await readFrom(t, answers, { objectsMax: 1 });
  assert.equal(objects.whyUnread('Pod'), 'more than 1 objects in all');
  const large = await readFrom(t, answers, { valuesMax: values - 1 });
  assert.equal(large.whyUnread('Pod'), 'more than 7 values in all');
});

test('an API server that is busy is asked again, three times in all', async (t) => {
  let asked = 0;
  const busyTwice = await readFrom(t, { [pods]: () => (++asked < 3 ? { code: 429, body: {} } : list([pod({})])) });
  assert.equal(busyTwice.of('Pod').length, 1);
  const busy = await readFrom(t, { [pods]: () => ({ code: 429, body: {} }) });
  assert.match(busy.whyUnread('Pod')!, /^code 429/);
});

test('an API server that never answers is given up', async (t) => {
  const read = readFrom(t, { [pods]: () => 'never' }, { readMaxMs: 300 });
  assert.match((await read).whyUnread('Pod')!, /no answer: .*aborted/);
});
