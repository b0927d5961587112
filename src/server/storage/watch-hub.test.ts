import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf } from '../../api/api.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { Compacted, openEngine } from '../../store/store.ts';
import { keyOf, stamp } from './codec.ts';
import { createStorage } from './storage.ts';
import type { Audience, WatchBatch } from './watch-batch.ts';
import { bytesOfBatch, eventOf } from './watch-frames.ts';
import { createWatchHub } from './watch-hub.ts';

const kind = kindOf('v1', 'ConfigMap')!;
const audience = (id: string, matches?: Audience['matches'], namespace?: string): Audience => ({
  ...{ id, kind, namespace, matches },
});

async function open() {
  const engine = await openEngine({ engine: 'memory', stamp });
  const storage = createStorage(engine);
  const put = (name: string, value: string, namespace = 'default') => {
    const key = keyOf(kind, namespace, name);
    const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, namespace }, data: { value } };
    return engine.get(key) === undefined
      ? storage.create(kind, object)
      : storage.update(kind, namespace, name, () => ({ object, action: 'store' }));
  };
  return { engine, storage, put, hub: createWatchHub(engine) };
}

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

/** Everything a watcher was told, as `TYPE name value@revision`. */
function recorder() {
  const seen: string[] = [];
  const onBatch = (batch: WatchBatch) => {
    for (const item of batch.items) {
      const { type, object } = eventOf(item);
      seen.push(`${type} ${object.metadata.name} ${object['data'].value}@${object.metadata.resourceVersion}`);
    }
  };
  return { seen, onBatch };
}

test('whenever a watcher comes and from wherever it starts, it sees each later change once and in order', async () => {
  const { engine, storage, put, hub } = await open();
  const watchers: { from: number; seen: string[] }[] = [];
  // A fixed sequence that looks random: a failure can be run again.
  let state = 7;
  const random = (below: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  const first = recorder();
  hub.subscribe(audience('all'), 0, first.onBatch);
  const writes: Promise<unknown>[] = [];
  for (let step = 0; step < 300; step++) {
    const name = `object-${random(9)}`;
    if (random(6) === 0)
      writes.push(storage.update(kind, 'default', name, (object) => ({ object, action: 'remove' })).catch(() => 0));
    else writes.push(put(name, String(step)).catch(() => 0));
    if (random(3) === 0) await turns(random(4));
    if (random(10) === 0) {
      const from = random(engine.revision() + 1);
      const { seen, onBatch } = recorder();
      hub.subscribe(audience('all'), from, onBatch);
      watchers.push({ from, seen });
    }
  }
  await Promise.all(writes);
  await turns(20);
  const revisionOf = (line: string) => Number(line.split('@')[1]);
  assert.equal(first.seen.length, engine.revision());
  for (const { from, seen } of watchers)
    assert.deepEqual(
      seen,
      first.seen.filter((line) => revisionOf(line) > from),
      `from ${from}`,
    );
  hub.close();
});

test('watchers with the same options share one batch and its bytes', async () => {
  const { put, hub } = await open();
  const batches: WatchBatch[] = [];
  for (let count = 0; count < 3; count++) hub.subscribe(audience('same'), 0, (batch) => batches.push(batch));
  hub.subscribe(
    audience('other', ({ metadata }) => metadata.name === 'a'),
    0,
    (batch) => batches.push(batch),
  );
  await Promise.all([put('a', '1'), put('b', '1')]);
  await turns(5);
  assert.equal(batches.length, 4);
  assert.equal(new Set(batches).size, 2);
  const [shared] = batches;
  assert.equal(bytesOfBatch(shared!), bytesOfBatch(shared!));
  const lines = bytesOfBatch(shared!)
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { object: KubernetesObject });
  assert.deepEqual(
    lines.map(({ object }) => object.metadata.name),
    ['a', 'b'],
  );
  hub.close();
});

test('a watcher of one namespace hears nothing of others', async () => {
  const { put, hub } = await open();
  const { seen, onBatch } = recorder();
  hub.subscribe(audience('one', undefined, 'one'), 0, onBatch);
  await put('a', '1', 'one');
  await put('a', '1', 'one-more');
  await turns(5);
  assert.equal(seen.length, 1);
  hub.close();
});

test('a watcher that has left is told nothing, and the last one closes the channel', async () => {
  const { put, hub } = await open();
  const { seen, onBatch } = recorder();
  const leave = hub.subscribe(audience('left'), 0, onBatch);
  assert.equal(hub.counts().size, 1);
  leave();
  leave();
  await put('a', '1');
  await turns(5);
  assert.deepEqual(seen, []);
  assert.equal(hub.counts().size, 0);
});

test('a watcher that comes too late leaves nothing open', async () => {
  const { engine, put, hub } = await open();
  await put('a', '1');
  await put('a', '2');
  await engine.compact(2);
  assert.throws(() => hub.subscribe(audience('late'), 1, () => {}), Compacted);
  assert.equal(hub.counts().size, 0);
});

test('a large object goes to many watchers in several turns, and is written once for all', async () => {
  const { engine, put, hub } = await open();
  const told: WatchBatch[] = [];
  const leave = Array.from({ length: 40 }, (_, index) =>
    hub.subscribe(
      audience(`selects-${index}`, () => true),
      0,
      (batch) => told.push(batch),
    ),
  );
  await put('large', 'x'.repeat(1024 * 1024));
  await turns(1);
  assert.equal(told.length, 8, 'who else waits gets a turn after eight megabytes');
  assert.equal(hub.settled(kind), undefined);
  leave[20]!();
  const late = recorder();
  hub.subscribe(audience('late'), engine.revision(), late.onBatch);
  await put('small', 'y');
  await turns(10);
  assert.deepEqual(
    [told.length, late.seen.length],
    [39 + 39, 1],
    'who left is told no more, who came only what is new',
  );
  assert.equal(hub.settled(kind), engine.revision());
  assert.equal(new Set(told.map(bytesOfBatch)).size, 2);
  hub.close();
});
