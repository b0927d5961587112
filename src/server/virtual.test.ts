import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KubernetesObject } from '../api/object.ts';
import { ApiError } from '../api/status.ts';
import { startServer, type TestServer, testAdmin } from './testing/start.ts';
import { type VirtualKind, virtualKind } from './virtual.ts';

const sight = (namespace: string, name: string, colour: string): KubernetesObject => ({
  ...{ apiVersion: '', kind: '', metadata: { namespace, name } },
  colour,
});
const told: unknown[] = [];
const sights: VirtualKind = {
  kind: virtualKind({
    description: 'Sight is something seen.',
    ...{ group: 'test.rempart.io', version: 'v1', kind: 'Sight', resource: 'sights', namespaced: true },
    ...{ verbs: ['get', 'list', 'create'], selectableFields: { colour: ({ colour }: any) => colour } },
  }),
  list: ({ namespace, query }) =>
    [sight('b', 'one', 'red'), sight('a', 'two', 'blue'), sight('a', 'one', 'red')].filter(
      ({ metadata }) => (namespace ?? metadata.namespace) === metadata.namespace && query.get('since') !== 'now',
    ),
  create(object, { user }) {
    if (object['colour'] === undefined) throw new ApiError('BadRequest', 'colour: Required value');
    told.push([user.username, object['colour']]);
    return object;
  },
};

let server: TestServer;
before(async () => {
  server = await startServer({ extensions: { virtualKinds: [sights] } });
});
after(() => server.stop());

const base = '/apis/test.rempart.io/v1';
const call = (method: string, path: string, body?: unknown) =>
  server.call(testAdmin, { method, path: `${base}${path}`, body });
const names = (items: KubernetesObject[]) => items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);

test('what is listed has its type and an order, and is selected by namespace, field and name', async () => {
  const all = await call('GET', '/sights');
  assert.deepEqual(names(all.body.items), ['a/one', 'a/two', 'b/one']);
  assert.deepEqual([all.body.kind, all.body.items[0].kind], ['SightList', 'Sight']);
  assert.deepEqual(names((await call('GET', '/namespaces/a/sights')).body.items), ['a/one', 'a/two']);
  assert.deepEqual(names((await call('GET', '/sights?fieldSelector=colour%3Dred')).body.items), ['a/one', 'b/one']);
  assert.equal((await call('GET', '/sights?since=now')).body.items.length, 0);
  assert.equal((await call('GET', '/namespaces/b/sights/one')).body.colour, 'red');
  assert.equal((await call('GET', '/namespaces/b/sights/none')).code, 404);
});

test('pages follow each other to the end', async () => {
  const first = await call('GET', '/sights?limit=2');
  assert.deepEqual(names(first.body.items), ['a/one', 'a/two']);
  const second = await call('GET', `/sights?limit=2&continue=${first.body.metadata.continue}`);
  assert.deepEqual(names(second.body.items), ['b/one']);
  assert.equal(second.body.metadata.continue, undefined);
  assert.equal((await call('GET', '/sights?continue=junk')).code, 400);
});

test('what is created goes to its function and is stored nowhere', async () => {
  const body = { colour: 'green', metadata: { name: 'x' } };
  assert.equal((await call('POST', '/namespaces/a/sights', body)).code, 201);
  assert.deepEqual(told, [['test-admin', 'green']]);
  assert.equal((await call('POST', '/namespaces/a/sights', { metadata: {} })).code, 400);
  assert.equal(server.engine.range('/registry/sights.test.rempart.io/').entries.length, 0);
});

test('verbs that it lacks are refused, and discovery shows what it has', async () => {
  assert.equal((await call('DELETE', '/namespaces/a/sights/one')).code, 405);
  assert.equal((await call('GET', '/sights?watch=1')).code, 405);
  assert.deepEqual((await call('GET', '')).body.resources[0].verbs.toSorted(), ['create', 'get', 'list']);
});

test('it is described as any kind is', async () => {
  const { body } = await server.call(testAdmin, { method: 'GET', path: '/openapi/v3/apis/test.rempart.io/v1' });
  const [schema] = Object.values<any>(body.components.schemas).filter((each) => each.description?.startsWith('Sight'));
  assert.equal(schema.description, 'Sight is something seen.');
});
