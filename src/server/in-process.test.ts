import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { manualClock } from '../foundation/clock.ts';
import { configMap, configMaps, must, pod, pods } from './testing/objects.ts';
import { startServer, testAdmin } from './testing/start.ts';

test('a quiet watch in process hears every minute how far it has come, when it asked for that', async (t) => {
  const clock = manualClock(Date.parse('2026-01-01T00:00:00Z'));
  const server = await startServer({ clock });
  t.after(() => server.stop());
  const stop = new AbortController();
  const watch = async (query: string) => {
    const events: { type: string; object: any }[] = [];
    const path = `${configMaps}?watch=1&resourceVersion=${server.engine.revision()}&${query}`;
    const ended = server.stream(testAdmin, { method: 'GET', path }, (event) => events.push(event), stop.signal);
    await new Promise(setImmediate);
    return { events, ended };
  };
  const asking = await watch('allowWatchBookmarks=true');
  const other = await watch('');
  await must(server, 'POST', '/api/v1/namespaces/default/secrets', { ...configMap('elsewhere'), kind: 'Secret' });
  clock.advance(60_000);
  assert.equal(asking.events.length, 1);
  const [{ type, object }] = asking.events as [{ type: string; object: any }];
  assert.equal(type, 'BOOKMARK');
  assert.equal(object.metadata.resourceVersion, String(server.engine.revision()));
  assert.equal(object.metadata.annotations, undefined, 'it marks no end of initial events');
  stop.abort();
  await Promise.all([asking.ended, other.ended]);
  clock.advance(60_000);
  assert.deepEqual([asking.events.length, other.events.length], [1, 0]);
});

test('a reader that has heard enough from the first events hears no more, and leaves nothing open', async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  const revision = server.engine.revision();
  for (const name of ['a', 'b']) await must(server, 'POST', configMaps, configMap(name));
  for (const query of ['sendInitialEvents=true&resourceVersionMatch=NotOlderThan', `resourceVersion=${revision}`]) {
    const stop = new AbortController();
    const path = `${configMaps}?watch=1&allowWatchBookmarks=true&${query}`;
    let changes = 0;
    const hear = ({ type }: { type: string }) => {
      if (type === 'BOOKMARK') return;
      changes++;
      stop.abort();
    };
    await server.stream(testAdmin, { method: 'GET', path }, hear, stop.signal);
    await must(server, 'POST', configMaps, configMap(`later-${changes}`));
    assert.ok(changes > 0, query);
    const { body } = await server.call(testAdmin, { method: 'GET', path: '/metrics' });
    assert.doesNotMatch(body, /apiserver_registered_watchers\{resource="configmaps"\}/, `${query} is still open`);
  }
});

test('a reader that cannot take that its watch came too late leaves nothing open', async (t) => {
  const record = ({ verb }: { verb: string }) => {
    if (verb === 'watch') void server.engine.compact(server.engine.revision());
  };
  const server = await startServer({ defences: { audit: { ready() {}, record } } });
  t.after(() => server.stop());
  const revision = server.engine.revision();
  for (const name of ['a', 'b']) await must(server, 'POST', configMaps, configMap(name));
  const stop = new AbortController();
  const path = `${configMaps}?watch=1&resourceVersion=${revision}`;
  const refuse = ({ type }: { type: string }) => {
    throw new Error(`no ${type}`);
  };
  await assert.rejects(server.stream(testAdmin, { method: 'GET', path }, refuse, stop.signal), /no ERROR/);
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
});

test('what the server looks up is the object that its writer gave away', async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  server.lookup.list('configmaps');
  const made = await server.call(testAdmin, { method: 'POST', path: configMaps, body: configMap('looked-up') });
  assert.equal(server.lookup.get('configmaps', 'default', 'looked-up'), made.body);
});

test('a pod that is bound shares what the binding leaves as it was with the pod of before', async (t) => {
  const server = await startServer();
  t.after(() => server.stop());
  const made = await server.call(testAdmin, { method: 'POST', path: pods, body: pod('shared') });
  const body = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: 'shared' },
    target: { kind: 'Node', name: 'n1' },
  };
  await server.call(testAdmin, { method: 'POST', path: `${pods}/shared/binding`, body });
  const bound = await server.call(testAdmin, { method: 'GET', path: `${pods}/shared` });
  assert.equal(bound.body.spec.nodeName, 'n1');
  assert.equal(made.body.spec.nodeName, undefined);
  assert.equal(bound.body.spec.containers, made.body.spec.containers);
});
