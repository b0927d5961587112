import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from '../../test/property.ts';
import { type Event, StoreBusy, StoreFailed, StoreFull } from './engine.ts';
import { createEngine, defaultLimits } from './group-commit.ts';
import type { Journal } from './journal.ts';
import { createHistory, type Version } from './model/history.ts';
import { bytes, text, write } from './testing/conformance.ts';

/** An engine over a journal that does what the test says, group by group. */
function setUp(onWrite: (versions: Version[]) => Promise<void> = async () => {}, leftover: number[] = []) {
  const durable: Version[] = [];
  const trimmed: number[][] = [];
  const rewritten: number[] = [];
  let trimError: Error | undefined;
  const journal: Journal = {
    async write(versions) {
      await onWrite(versions);
      durable.push(...versions);
    },
    async trim(_compacted, gone) {
      if (trimError) throw trimError;
      trimmed.push(gone);
    },
    async rewrite(versions) {
      rewritten.push(versions.length);
    },
    async scrub() {},
    sizeBytes: () => 0,
    async close() {},
  };
  const engine = createEngine(
    createHistory((value) => value),
    journal,
    defaultLimits,
    leftover,
  );
  return {
    ...{ engine, durable, trimmed, rewritten },
    failTrims(error: Error | undefined) {
      trimError = error;
    },
  };
}

/** Lets the test decide when and how each group ends. */
function gate() {
  const waiting: PromiseWithResolvers<void>[] = [];
  return {
    write() {
      const next = Promise.withResolvers<void>();
      waiting.push(next);
      return next.promise;
    },
    async pass() {
      waiting.shift()!.resolve();
      await turn();
      await turn();
    },
    async fail(error: Error) {
      waiting.shift()!.reject(error);
      await turn();
      await turn();
    },
  };
}

/** Groups that wait at the gate, how many versions each has, and a put of a new key. */
function setUpGated() {
  const sizes: number[] = [];
  const gated = gate();
  const { engine } = setUp((versions) => {
    sizes.push(versions.length);
    return gated.write();
  });
  const put = (key: string) => engine.put({ key, value: bytes('x'), expected: 0 });
  return { sizes, gated, put };
}

test('writes of one turn are one group; later ones gather while it is written', async () => {
  const { sizes, gated, put } = setUpGated();
  const writes = [put('/a'), put('/b')];
  await turn();
  writes.push(put('/c'), put('/d'), put('/e'));
  await turn();
  await gated.pass();
  await gated.pass();
  await Promise.all(writes);
  assert.deepEqual(sizes, [2, 3]);
});

test('a turn of many writes does not keep the journal waiting for its end', async () => {
  const { sizes, gated, put } = setUpGated();
  const putFrom = (first: number, length: number) => Array.from({ length }, (_, index) => put(`/${first + index}`));
  const writes = putFrom(0, 15);
  assert.deepEqual(sizes, []);
  writes.push(...putFrom(15, 25));
  assert.deepEqual(sizes, [16]);
  await turn();
  assert.deepEqual(sizes, [16], 'two groups at a time');
  await gated.pass();
  await gated.pass();
  await Promise.all(writes);
  assert.deepEqual(sizes, [16, 24]);
});

test('when a group fails, all that was decided on top of it fails too, and nobody has seen any of it', async () => {
  const gated = gate();
  const { engine } = setUp(() => gated.write());
  const seen: Event[] = [];
  engine.watch('/', 0, (events) => seen.push(...events));
  const first = engine.put({ key: '/a', value: bytes('lost'), expected: 0 });
  await turn();
  const onTop = engine.put({ key: '/a', value: bytes('lost too'), expected: 1 });
  const refused = engine.put({ key: '/a', value: bytes('x'), expected: 0 });
  const all = [first, onTop, refused].map((write) => assert.rejects(write, StoreFailed));
  await gated.fail(new StoreFailed('broken disk'));
  await Promise.all(all);
  await engine.compact(0);
  assert.equal(engine.healthy(), false, 'until something is written again');
  assert.deepEqual([engine.revision(), engine.range('/').count, seen.length], [0, 0, 0]);

  const again = engine.put({ key: '/a', value: bytes('kept'), expected: 0 });
  await turn();
  await gated.pass();
  assert.equal((await again).ok && text(engine.get('/a')?.value), 'kept');
  assert.equal(engine.healthy(), true);
  assert.deepEqual(
    seen.map(({ entry }) => entry.modRevision),
    [1],
  );
});

test('a refusal that rests on a staged write is told only when that is durable', async () => {
  const gated = gate();
  const { engine } = setUp(() => gated.write());
  const first = engine.put({ key: '/a', value: bytes('x'), expected: 0 });
  await turn();
  let told = false;
  const second = engine.put({ key: '/a', value: bytes('y'), expected: 0 }).finally(() => {
    told = true;
  });
  await turn();
  assert.equal(told, false);
  await gated.pass();
  assert.equal((await first).ok, true);
  const result = await second;
  assert.equal(!result.ok && text(result.current?.value), 'x');
});

test('what waits for the disk is bounded', async () => {
  const gated = gate();
  const { engine } = setUp(() => gated.write());
  const value = new Uint8Array(30 << 20);
  const writes = ['/a', '/b', '/c', '/d'].map((key) => engine.put({ key, value, expected: 0 }));
  await assert.rejects(writes.pop()!, StoreBusy);
  await turn();
  await gated.pass();
  assert.equal((await Promise.all(writes)).length, 3);
});

test('a compaction that the disk refuses says why, and is made up for later', async () => {
  const { engine, failTrims } = setUp();
  await write(engine, '/a', 'x');
  await write(engine, '/a', 'y');
  failTrims(new StoreFull('full'));
  await assert.rejects(engine.compact(2), StoreFull);
  failTrims(undefined);
  await engine.compact(2);
  assert.equal(engine.compacted(), 2);
});

test('values are sealed anew in parts: five hundred at once, or eight megabytes', async () => {
  const { engine, rewritten } = setUp();
  await Promise.all(Array.from({ length: 501 }, (_, index) => write(engine, `/small/${index}`, 'x')));
  await engine.reseal('/small/');
  for (let index = 0; index < 5; index++)
    await engine.put({ key: `/large/${index}`, value: new Uint8Array(4 << 20), expected: 0 });
  await engine.reseal('/large/');
  assert.deepEqual(rewritten, [500, 1, 2, 2, 1]);
});

test('what was given up before a crash is dropped in parts, and a full disk meanwhile stops nobody', async () => {
  const leftover = Array.from({ length: 6000 }, (_, index) => index + 1);
  const { engine, trimmed, failTrims } = setUp(undefined, leftover);
  failTrims(new StoreFull('full'));
  await write(engine, '/a', 'x');
  failTrims(undefined);
  await engine.compact(engine.revision());
  assert.deepEqual(
    trimmed.map(({ length }) => length),
    [5000, 1000],
  );
  assert.deepEqual(trimmed.flat(), leftover);
});

test('whatever fails, exactly what is durable was acknowledged, is visible, and was told to watchers in order', async () => {
  const step = fc.record({ key: fc.constantFrom('/a', '/b', '/c'), wait: fc.boolean(), remove: fc.boolean() });
  const run = async (steps: { key: string; wait: boolean; remove: boolean }[], failures: boolean[]) => {
    let group = 0;
    const { engine, durable } = setUp(async () => {
      await turn();
      if (failures[group++ % (failures.length || 1)]) throw new StoreFull('full');
    });
    const seen: Event[] = [];
    engine.watch('/', 0, (events) => seen.push(...events));
    const acknowledged = new Set<number>();
    const writes: Promise<void>[] = [];
    for (const { key, wait, remove } of steps) {
      const expected = engine.get(key)?.modRevision ?? 0;
      const writing = remove ? engine.delete({ key, expected }) : engine.put({ key, value: bytes(key), expected });
      const note = writing.then((result) => void (result.ok && acknowledged.add(result.entry.modRevision)));
      writes.push(note.catch((error) => assert.ok(error instanceof StoreFull)));
      if (wait) await turn();
    }
    await Promise.all(writes);
    const revisions = durable.map(({ modRevision }) => modRevision);
    assert.deepEqual(
      revisions,
      revisions.map((_, index) => index + 1),
    );
    assert.deepEqual(new Set(revisions), acknowledged);
    assert.deepEqual(
      seen.map(({ entry }) => entry.modRevision),
      revisions,
    );
    assert.equal(engine.revision(), durable.length);
    await engine.close();
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.array(fc.boolean(), { maxLength: 5 }), run));
});
