import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, eventsOf } from '../testing/ask.ts';
import { configMap, configMaps, may, must, pod, pods } from '../testing/objects.ts';
import { startServer, type TestServer, testAdmin } from '../testing/start.ts';
import { tokenOf } from './list.ts';

let server: TestServer;
const names = ['a', 'b', 'c', 'd', 'e'];
before(async () => {
  server = await startServer();
  for (const name of names)
    await must(server, 'POST', configMaps, configMap(name, {}, { odd: String('ace'.includes(name)) }));
});
after(() => server.stop());

const namesOf = (list: any): string[] => list.items.map(({ metadata }: any) => metadata.name);

test('a list in chunks shows one revision, whatever is written meanwhile', async () => {
  const first = await must(server, 'GET', `${configMaps}?limit=2`);
  assert.deepEqual(namesOf(first), ['a', 'b']);
  assert.equal(first.metadata.remainingItemCount, 3);
  await must(server, 'POST', configMaps, configMap('bb'));
  const inner = await must(server, 'GET', `${configMaps}?limit=2&continue=${first.metadata.continue}`);
  assert.equal(inner.metadata.remainingItemCount, 1);
  const second = await must(server, 'GET', `${configMaps}?limit=9&continue=${first.metadata.continue}`);
  assert.deepEqual(namesOf(second), ['c', 'd', 'e']);
  assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
  assert.equal(second.metadata.continue, undefined);
  await must(server, 'DELETE', `${configMaps}/bb`);
});

test('a selective list fills its pages with what matches', async () => {
  const first = await must(server, 'GET', `${configMaps}?limit=2&labelSelector=odd%3Dtrue`);
  assert.deepEqual(namesOf(first), ['a', 'c']);
  const path = `${configMaps}?limit=2&labelSelector=odd%3Dtrue&continue=${first.metadata.continue}`;
  assert.deepEqual(namesOf(await must(server, 'GET', path)), ['e']);
});

test('a continue token of another resource, or none at all, is refused', async () => {
  const { metadata } = await must(server, 'GET', `${configMaps}?limit=2`);
  assert.equal((await may(server, 'GET', `${pods}?limit=2&continue=${metadata.continue}`)).code, 400);
  assert.equal((await may(server, 'GET', `${configMaps}?continue=nonsense`)).code, 400);
});

test('a token of a revision that is yet to come, as after a restore, is answered like one that is too old', async () => {
  for (const query of ['', '&labelSelector=odd%3Dtrue']) {
    const token = tokenOf(10 ** 9, '/registry/configmaps/default/b');
    const { code, body } = await may(server, 'GET', `${configMaps}?limit=2&continue=${token}${query}`);
    assert.equal(code, 410);
    const rest = await must(server, 'GET', `${configMaps}?continue=${body.metadata.continue}${query}`);
    assert.equal(namesOf(rest)[0], 'c');
  }
});

test('a token that outlived its history is answered with 410 and a token to go on with', async () => {
  const own = await startServer();
  try {
    for (const name of names) await must(own, 'POST', configMaps, configMap(name));
    const { metadata } = await must(own, 'GET', `${configMaps}?limit=2`);
    await must(own, 'POST', configMaps, configMap('zz'));
    await own.engine.compact(own.engine.revision());
    const { code, body } = await may(own, 'GET', `${configMaps}?limit=2&continue=${metadata.continue}`);
    assert.equal(code, 410);
    assert.equal(body.reason, 'Expired');
    const rest = await must(own, 'GET', `${configMaps}?continue=${body.metadata.continue}`);
    assert.deepEqual(namesOf(rest), ['c', 'd', 'e', 'zz']);
    const watch = await ask(own, `${configMaps}?watch=1&resourceVersion=1`);
    const [event] = eventsOf(watch);
    assert.equal(event.type, 'ERROR');
    assert.equal(event.object.code, 410);
  } finally {
    await own.stop();
  }
});

test('options that contradict each other, or are none, are refused', async () => {
  const { metadata } = await must(server, 'GET', `${configMaps}?limit=2`);
  const cases: [string, number, RegExp][] = [
    [
      `limit=2&continue=${metadata.continue}&resourceVersion=${metadata.resourceVersion}`,
      400,
      /not allowed when using/,
    ],
    [`limit=2&continue=${metadata.continue}&resourceVersionMatch=Exact`, 422, /forbidden when continue is provided/],
    ['sendInitialEvents=true&resourceVersionMatch=NotOlderThan', 422, /forbidden for list/],
    ['timeoutSeconds=soon', 400, /timeoutSeconds/],
    ['limit=many', 400, /limit/],
    ['fieldSelector=data.a%3Db', 400, /"data\.a" is not a known field selector/],
  ];
  for (const [query, code, message] of cases) {
    const answer = await may(server, 'GET', `${configMaps}?${query}`);
    assert.equal(answer.code, code, query);
    assert.match(answer.body.message, message);
  }
  const rest = await must(server, 'GET', `${configMaps}?limit=2&continue=${metadata.continue}&resourceVersion=0`);
  assert.deepEqual(namesOf(rest), ['c', 'd']);
});

test('a watch of one object shows no other, of a namespace neither: rights on one are not rights on all', async () => {
  for (const [path, name] of [
    ['/api/v1/namespaces/default', 'default'],
    [`${configMaps}/single`, 'single'],
  ] as const) {
    if (name === 'single') await must(server, 'POST', configMaps, configMap('single'));
    const events = eventsOf(await ask(server, `${path}?watch=1&timeoutSeconds=1`));
    assert.deepEqual(
      events.map(({ object }) => object.metadata.name),
      [name],
    );
  }
  const other = await ask(
    server,
    `${configMaps}/single?watch=1&timeoutSeconds=1&fieldSelector=metadata.namespace%3Ddefault`,
  );
  assert.equal(other.code, 400, 'rights may have been given for what the selector says');
  const same = await ask(server, `${configMaps}/single?watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3Dsingle`);
  assert.equal(same.code, 200);
  await must(server, 'DELETE', `${configMaps}/single`);
});

test('only a limit above nothing is one, and a watch has none', async () => {
  for (const limit of [-1, 0])
    assert.equal((await must(server, 'GET', `${configMaps}?limit=${limit}`)).items.length, 5);
  const events = eventsOf(await ask(server, `${configMaps}?watch=1&limit=2&timeoutSeconds=1`));
  assert.equal(events.length, 5);
});

test('a revision of the future is answered with 504 and ResourceVersionTooLarge', async () => {
  for (const query of ['resourceVersion=99999999', 'watch=1&resourceVersion=99999999']) {
    const { code, body } = await may(server, 'GET', `${configMaps}?${query}`);
    assert.equal(code, 504);
    assert.equal(body.details.causes[0].reason, 'ResourceVersionTooLarge');
  }
});

test('a list at an exact revision shows the past', async () => {
  const made = await must(server, 'POST', configMaps, configMap('past'));
  await must(server, 'DELETE', `${configMaps}/past`);
  const query = `resourceVersion=${made.metadata.resourceVersion}&resourceVersionMatch=Exact`;
  assert.ok(namesOf(await must(server, 'GET', `${configMaps}?${query}`)).includes('past'));
  assert.ok(!namesOf(await must(server, 'GET', configMaps)).includes('past'));
});

test('fields can be selected by, unknown ones are refused', async () => {
  await must(server, 'POST', pods, pod('here', { nodeName: 'n1' }));
  await must(server, 'POST', pods, pod('there'));
  assert.deepEqual(namesOf(await must(server, 'GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dn1')), ['here']);
  assert.deepEqual(namesOf(await must(server, 'GET', `${pods}?fieldSelector=metadata.name%3Dthere`)), ['there']);
  assert.deepEqual(namesOf(await must(server, 'GET', '/api/v1/pods?fieldSelector=spec.nodeName!%3D')), ['here']);
  assert.equal((await may(server, 'GET', `${pods}?fieldSelector=spec.nonsense%3Dx`)).code, 400);
});

/** Opens a watch in process and gives what has come so far. */
function follow(path: string) {
  const events: any[] = [];
  const abort = new AbortController();
  const ended = server.stream(testAdmin, { method: 'GET', path }, (event) => events.push(event), abort.signal);
  const until = async (count: number) => {
    for (let turns = 0; events.length < count && turns < 1000; turns++) await new Promise(setImmediate);
    return events;
  };
  return { events, ended, until, stop: () => abort.abort() };
}

const shown = (events: any[]) => events.map(({ type, object }) => `${type} ${object.metadata.name}`);

test('a watch shows what is there, then every change once and in order', async () => {
  const watch = follow(`${configMaps}?watch=1`);
  await watch.until(5);
  await must(server, 'POST', configMaps, configMap('w'));
  await must(server, 'PATCH', `${configMaps}/w`, { data: { a: '1' } }, 'application/merge-patch+json');
  await must(server, 'DELETE', `${configMaps}/w`);
  await watch.until(8);
  watch.stop();
  await watch.ended;
  assert.deepEqual(shown(watch.events), [
    ...names.map((name) => `ADDED ${name}`),
    'ADDED w',
    'MODIFIED w',
    'DELETED w',
  ]);
  const revisions = watch.events.slice(5).map(({ object }) => Number(object.metadata.resourceVersion));
  assert.deepEqual(
    revisions,
    [...revisions].sort((left, right) => left - right),
  );
  assert.equal(new Set(revisions).size, 3);
});

test('a watch from a revision replays what came after it', async () => {
  const { metadata } = await must(server, 'GET', configMaps);
  await must(server, 'POST', configMaps, configMap('replayed'));
  await must(server, 'DELETE', `${configMaps}/replayed`);
  const watch = follow(`${configMaps}?watch=1&resourceVersion=${metadata.resourceVersion}`);
  await must(server, 'POST', configMaps, configMap('live'));
  await watch.until(3);
  watch.stop();
  assert.deepEqual(shown(watch.events), ['ADDED replayed', 'DELETED replayed', 'ADDED live']);
  await must(server, 'DELETE', `${configMaps}/live`);
});

test('an object that enters or leaves a selector is ADDED or DELETED', async () => {
  const { metadata } = await must(server, 'GET', configMaps);
  const watch = follow(`${configMaps}?watch=1&labelSelector=on%3Dyes&resourceVersion=${metadata.resourceVersion}`);
  const label = (on: string) =>
    must(server, 'PATCH', `${configMaps}/a`, { metadata: { labels: { on } } }, 'application/merge-patch+json');
  await label('no');
  await label('yes');
  const left = await label('no');
  await watch.until(2);
  watch.stop();
  assert.deepEqual(shown(watch.events), ['ADDED a', 'DELETED a']);
  assert.equal(watch.events[1].object.metadata.resourceVersion, left.metadata.resourceVersion);
});

test('a watch list ends its initial events with a bookmark at once', async () => {
  const query = 'watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan';
  const watch = follow(`${configMaps}?${query}`);
  const events = await watch.until(6);
  watch.stop();
  assert.deepEqual(
    events.map(({ type }) => type),
    ['ADDED', 'ADDED', 'ADDED', 'ADDED', 'ADDED', 'BOOKMARK'],
  );
  const { object } = events[5];
  assert.equal(object.metadata.annotations['k8s.io/initial-events-end'], 'true');
  assert.equal(object.kind, 'ConfigMap');
  const refused = await may(server, 'GET', `${configMaps}?watch=1&sendInitialEvents=true`);
  assert.equal(refused.code, 422);
});

test('a watch over TLS ends cleanly after timeoutSeconds', async () => {
  const answer = await ask(server, `${configMaps}?watch=1&timeoutSeconds=1`);
  assert.equal(answer.code, 200);
  assert.deepEqual(
    shown(eventsOf(answer)),
    names.map((name) => `ADDED ${name}`),
  );
});

test('objects in process are shared between watchers and frozen', async () => {
  const [one, two] = [follow(`${configMaps}?watch=1&resourceVersion=0`), follow(`${configMaps}?watch=1`)];
  await Promise.all([one.until(5), two.until(5)]);
  await must(server, 'POST', configMaps, configMap('shared'));
  await Promise.all([one.until(6), two.until(6)]);
  one.stop();
  two.stop();
  assert.equal(one.events[5].object, two.events[5].object);
  assert.throws(() => {
    one.events[5].object.metadata.name = 'changed';
  });
  await must(server, 'DELETE', `${configMaps}/shared`);
});

test('a table carries kubectl’s columns; definitions come only with the first event of a watch', async () => {
  const headers = { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };
  const { json } = await ask(server, pods, { headers });
  assert.equal(json.kind, 'Table');
  assert.deepEqual(
    json.columnDefinitions.slice(0, 3).map(({ name }: any) => name),
    ['Name', 'Ready', 'Status'],
  );
  assert.equal(json.rows[0].object.kind, 'PartialObjectMetadata');
  const watch = eventsOf(await ask(server, `${pods}?watch=1&timeoutSeconds=1`, { headers }));
  assert.equal(watch[0].object.columnDefinitions[0].name, 'Name');
  assert.equal(watch[1].object.columnDefinitions, null);
  const none = await ask(server, `${pods}?includeObject=None`, { headers });
  assert.equal(none.json.rows[0].object, undefined);
  const review = await ask(server, '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify({ spec: { nonResourceAttributes: { path: '/', verb: 'get' } } }),
  });
  assert.deepEqual([review.code, review.json.reason], [406, 'NotAcceptable']);
});

test('metadata alone can be asked for, of one object and of a list', async () => {
  const one = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
  const { json } = await ask(server, `${configMaps}/a`, { headers: { Accept: one } });
  assert.deepEqual(Object.keys(json).sort(), ['apiVersion', 'kind', 'metadata']);
  const all = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
  const list = await ask(server, configMaps, { headers: { Accept: all } });
  assert.equal(list.json.kind, 'PartialObjectMetadataList');
  assert.equal(list.json.items.length, 5);
});

test('a watch list in another shape ends its initial events with a bookmark of that shape', async () => {
  const query = 'watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan';
  for (const as of ['PartialObjectMetadata', 'Table']) {
    const headers = { Accept: `application/json;as=${as};v=v1;g=meta.k8s.io,application/json` };
    const events = eventsOf(await ask(server, `${configMaps}?${query}&timeoutSeconds=1`, { headers }));
    assert.deepEqual(new Set(events.map(({ object }) => object.kind)), new Set([as]));
    const { type, object } = events.at(-1);
    assert.equal(type, 'BOOKMARK');
    const { metadata } = as === 'Table' ? object.rows[0].object : object;
    assert.equal(metadata.annotations['k8s.io/initial-events-end'], 'true');
  }
});
