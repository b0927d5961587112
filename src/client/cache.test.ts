import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { KubernetesObject, WatchEvent } from '../api/object.ts';
import { ApiError } from '../api/status.ts';
import { manualClock } from '../foundation/clock.ts';
import { silentLog } from '../foundation/log.ts';
import { createCache, createCaches } from './cache.ts';
import type { Client, WatchOptions } from './client.ts';

type Watch = { options: WatchOptions; send(...events: WatchEvent[]): void; end(error?: Error): void };

/** Streams in our hands, to break them at chosen moments: a real server cannot be told to. */
function scriptedClient(lists: KubernetesObject[][] = []) {
  const watches: Watch[] = [];
  const client = {
    watch(_resource: string, options: WatchOptions, onEvent: (event: WatchEvent) => void) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      options.signal.addEventListener('abort', () => resolve());
      const send = (...events: WatchEvent[]) => events.forEach(onEvent);
      watches.push({ options, send, end: (error) => (error ? reject(error) : resolve()) });
      return promise;
    },
    list: async () => ({ items: lists.shift() ?? [], resourceVersion: '50' }),
  } as unknown as Client;
  return { client, watches };
}

function pod(name: string, resourceVersion: number, owner?: string, uid = `uid-${name}`): KubernetesObject {
  const ownerReferences = owner ? [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: owner, controller: true }] : [];
  const metadata = { name, namespace: 'a', uid, resourceVersion: `${resourceVersion}`, ownerReferences };
  return { apiVersion: 'v1', kind: 'Pod', metadata };
}
const event = (type: WatchEvent['type'], object: KubernetesObject): WatchEvent => ({ type, object });
const bookmark = (resourceVersion: number): WatchEvent => {
  const annotations = { 'k8s.io/initial-events-end': 'true' };
  const metadata = { name: '', resourceVersion: `${resourceVersion}`, annotations };
  return { type: 'BOOKMARK', object: { apiVersion: 'v1', kind: 'Pod', metadata } };
};

function start(lists?: KubernetesObject[][]) {
  const { client, watches } = scriptedClient(lists);
  const clock = manualClock();
  const cache = createCache(client, 'pods', {}, { clock, log: silentLog });
  const seen: string[] = [];
  cache.subscribe((type, object) => seen.push(`${type} ${object.metadata.name}`));
  const afterPause = async () => {
    await turn();
    clock.advance(60_000);
    await turn();
  };
  return { cache, watches, seen, afterPause };
}

test('the initial events become visible together, then each change is indexed', async () => {
  const { cache, watches, seen } = start();
  const [watch] = watches;
  watch!.send(event('ADDED', pod('one', 3, 'set-1')));
  assert.equal(cache.list().length, 0);
  watch!.send(bookmark(10));
  await cache.synced();
  assert.equal(cache.revision(), 10);
  watch!.send(event('MODIFIED', pod('one', 11, 'set-2')), event('ADDED', pod('two', 12)));
  assert.equal(cache.get('a', 'one')?.metadata.resourceVersion, '11');
  assert.equal(cache.byUid('uid-two')?.metadata.name, 'two');
  assert.deepEqual([cache.ownedBy('set-1').length, cache.ownedBy('set-2').length], [0, 1]);
  watch!.send(event('DELETED', pod('one', 13, 'set-2')));
  assert.deepEqual([cache.list('a').length, cache.ownedBy('set-2').length, cache.list('b').length], [1, 0, 0]);
  assert.deepEqual(seen, ['ADDED one', 'MODIFIED one', 'ADDED two', 'DELETED one']);
  cache.stop();
});

test('an index over any key follows every change', async () => {
  const { cache, watches } = start();
  const [watch] = watches;
  const versionOf = ({ metadata }: KubernetesObject) => metadata.resourceVersion ?? '';
  watch!.send(event('ADDED', pod('one', 10)), bookmark(10));
  assert.deepEqual(
    cache.by(versionOf, '10').map(({ metadata }) => metadata.name),
    ['one'],
  );
  watch!.send(event('MODIFIED', pod('one', 11)), event('ADDED', pod('two', 12)));
  assert.deepEqual(
    ['10', '11', '12'].map((version) => cache.by(versionOf, version).length),
    [0, 1, 1],
  );
  watch!.send(event('DELETED', pod('one', 13)));
  assert.equal(cache.by(versionOf, '11').length, 0);
  cache.stop();
});

test('objects are frozen to their depth', async () => {
  const { cache, watches } = start();
  watches[0]!.send(event('ADDED', pod('one', 3, 'set-1')), bookmark(10));
  const shared = cache.get('a', 'one')!;
  assert.throws(() => shared.metadata.ownerReferences!.push(shared.metadata.ownerReferences![0]!), TypeError);
  cache.stop();
});

test('a broken stream goes on from the last revision, after a pause', async () => {
  const { cache, watches, afterPause } = start();
  watches[0]!.send(bookmark(10), event('ADDED', pod('one', 11)));
  watches[0]!.end(new Error('connection reset'));
  await turn();
  assert.equal(watches.length, 1);
  await afterPause();
  assert.deepEqual([watches.length, watches[1]!.options.resourceVersion], [2, '11']);
  assert.equal(watches[1]!.options.sendInitialEvents, undefined);
  cache.stop();
});

test('history that is gone is listed anew: what vanished meanwhile is told as deleted', async () => {
  const { cache, watches, seen, afterPause } = start();
  watches[0]!.send(event('ADDED', pod('gone', 2)), event('ADDED', pod('kept', 3)), bookmark(10));
  watches[0]!.end(new ApiError('Expired', 'too old'));
  await afterPause();
  assert.equal(watches[1]!.options.sendInitialEvents, true);
  assert.equal(cache.list().length, 2, 'the old state is readable until the new one is complete');
  watches[1]!.send(event('ADDED', pod('kept', 3)), event('ADDED', pod('new', 20)), bookmark(30));
  assert.deepEqual(seen, ['ADDED gone', 'ADDED kept', 'DELETED gone', 'ADDED new']);
  cache.stop();
});

test('a name made again is first told as deleted', async () => {
  const { cache, watches, seen } = start();
  watches[0]!.send(event('ADDED', pod('one', 2)), bookmark(10), event('MODIFIED', pod('one', 11, undefined, 'other')));
  assert.deepEqual(seen, ['ADDED one', 'DELETED one', 'ADDED one']);
  assert.equal(cache.byUid('uid-one'), undefined);
  cache.stop();
});

test('a server without WatchList is listed, then watched', async () => {
  const { cache, watches } = start([[pod('one', 2)]]);
  watches[0]!.end(new ApiError('Invalid', 'sendInitialEvents is forbidden'));
  await cache.synced();
  await turn();
  assert.deepEqual([cache.list().length, watches[1]!.options.resourceVersion], [1, '50']);
  cache.stop();
});

test('until waits for what an event brings', async () => {
  const { cache, watches } = start();
  let reached = false;
  const waiting = cache.until(() => cache.revision() >= 12).then(() => (reached = true));
  watches[0]!.send(bookmark(10));
  await turn();
  assert.equal(reached, false);
  watches[0]!.send(event('ADDED', pod('one', 12)));
  await waiting;
  cache.stop();
});

test('a condition that throws fails its reader, and nobody else', async () => {
  const { cache, watches } = start();
  let calls = 0;
  const failing = cache.until(() => {
    if (calls++ > 0) throw new Error('a mistake');
    return false;
  });
  const waiting = cache.until(() => cache.list().length === 1);
  watches[0]!.send(event('ADDED', pod('one', 2)), bookmark(10));
  await assert.rejects(failing, /a mistake/);
  await waiting;
  cache.stop();
});

test('one process watches a resource once', () => {
  const { client, watches } = scriptedClient();
  const caches = createCaches(client, { clock: manualClock(), log: silentLog });
  assert.equal(caches('pods'), caches('pods'));
  caches('nodes');
  assert.deepEqual([watches.length, caches.watched()], [2, ['pods', 'nodes']]);
  caches.stop();
});
