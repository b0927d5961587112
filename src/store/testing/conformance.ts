import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { manualClock } from '../../foundation/clock.ts';
import { Compacted, type Engine, type Event, FutureRevision, StoreFailed } from '../engine.ts';
import type { StoreOptions } from '../store.ts';

type Open = (options?: Partial<StoreOptions>) => Promise<Engine>;

export const bytes = (text: string) => new TextEncoder().encode(text);
export const text = (value: Uint8Array | undefined) =>
  value === undefined ? undefined : Buffer.from(value).toString();

/** Puts without condition, for tests: returns the revision. */
export async function write(engine: Engine, key: string, value: string): Promise<number> {
  const result = await engine.put({ key, value: bytes(value), expected: engine.get(key)?.modRevision ?? 0 });
  assert.ok(result.ok, `${key} was written by somebody else`);
  return result.entry.modRevision;
}

const summary = (events: Event[]) =>
  events.map(({ type, entry, previous }) => `${entry.modRevision} ${type} ${entry.key} ${text(previous?.value) ?? ''}`);

/** What every engine must do. `open` makes an empty engine; it is closed by each test. */
export function conformance(name: string, open: Open): void {
  const using = (title: string, body: (engine: Engine) => Promise<void>, options?: Partial<StoreOptions>) =>
    test(title, async () => {
      const engine = await open(options);
      try {
        await body(engine);
      } finally {
        await engine.close();
      }
    });

  describe(`${name}: writes`, () => {
    using('a put of an absent key creates it at the next revision', async (engine) => {
      const result = await engine.put({ key: '/a', value: bytes('x'), expected: 0 });
      assert.ok(result.ok);
      assert.equal(result.entry.createRevision, 1);
      assert.equal(result.entry.modRevision, 1);
      assert.equal(engine.revision(), 1);
      assert.equal(text(engine.get('/a')?.value), 'x');
    });
    using('a put that expects another revision is refused with the current entry', async (engine) => {
      await write(engine, '/a', 'x');
      const result = await engine.put({ key: '/a', value: bytes('y'), expected: 7 });
      assert.equal(result.ok, false);
      assert.equal(!result.ok && text(result.current?.value), 'x');
      assert.equal(engine.revision(), 1);
    });
    using('of two puts that expect the same revision only the first succeeds', async (engine) => {
      const put = (value: string) => engine.put({ key: '/a', value: bytes(value), expected: 0 });
      const [first, second] = await Promise.all([put('x'), put('y')]);
      assert.deepEqual([first.ok, second.ok], [true, false]);
      assert.equal(!second.ok && text(second.current?.value), 'x');
    });
    using('a write is not visible before it is acknowledged', async (engine) => {
      const seen: Event[] = [];
      engine.watch('/', 0, (events) => seen.push(...events));
      const writing = engine.put({ key: '/a', value: bytes('x'), expected: 0 });
      assert.equal(engine.get('/a'), undefined);
      assert.equal(engine.range('/').count, 0);
      assert.equal(engine.revision(), 0);
      assert.equal(seen.length, 0);
      await writing;
      assert.equal(text(engine.get('/a')?.value), 'x');
      assert.equal(seen.length, 1);
    });
    using('a delete takes a revision, and a new create starts over', async (engine) => {
      await write(engine, '/a', 'x');
      const result = await engine.delete({ key: '/a', expected: 1 });
      assert.ok(result.ok);
      assert.equal(result.entry.modRevision, 2);
      assert.equal(text(result.entry.value), 'x');
      assert.equal(engine.get('/a'), undefined);
      assert.equal(await write(engine, '/a', 'y'), 3);
      assert.equal(engine.get('/a')?.createRevision, 3);
    });
    using('a delete of an absent key is refused', async (engine) => {
      assert.deepEqual(await engine.delete({ key: '/a', expected: 1 }), { ok: false, current: undefined });
      assert.equal(engine.revision(), 0);
    });
    using(
      'a value is stamped with its own revision',
      async (engine) => {
        await Promise.all(['/a', '/b'].map((key) => engine.put({ key, value: bytes('v'), expected: 0 })));
        assert.equal(text(engine.get('/a')?.value), 'v1');
        assert.equal(text(engine.get('/b')?.value), 'v2');
      },
      { stamp: (value, revision) => bytes(`${text(value)}${revision}`) },
    );
    test('after close writes fail and say so', async () => {
      const engine = await open();
      await engine.close();
      await assert.rejects(engine.put({ key: '/a', value: bytes('x'), expected: 0 }), StoreFailed);
    });
  });

  describe(`${name}: reads`, () => {
    using('a range has the keys under a prefix, in order, and nothing beside it', async (engine) => {
      for (const key of ['/pods/b', '/pods.x/a', '/pods/a', '/pod/z', '/pods/c']) await write(engine, key, key);
      const { entries, count, more, revision } = engine.range('/pods/');
      assert.deepEqual(
        entries.map(({ key }) => key),
        ['/pods/a', '/pods/b', '/pods/c'],
      );
      assert.deepEqual({ count, more, revision }, { count: 3, more: false, revision: 5 });
    });
    using('pages at one revision add up to the list, whatever is written meanwhile', async (engine) => {
      for (let number = 10; number < 22; number++) await write(engine, `/pods/${number}`, 'old');
      const { revision } = engine.range('/pods/');
      const seen: string[] = [];
      for (let after: string | undefined; ; ) {
        const page = engine.range('/pods/', { revision, limit: 5, after });
        assert.equal(page.count, 12 - seen.length);
        seen.push(...page.entries.map(({ key, value }) => `${key} ${text(value)}`));
        if (!page.more) break;
        after = page.entries.at(-1)!.key;
        await write(engine, '/pods/15', 'new');
        await write(engine, `/pods/14${seen.length}`, 'new');
        await engine.delete({ key: '/pods/20', expected: engine.get('/pods/20')?.modRevision ?? 0 });
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 12 }, (_, index) => `/pods/${10 + index} old`),
      );
    });
    using('a read at a revision sees the past; the future is refused', async (engine) => {
      await write(engine, '/a', 'x');
      await write(engine, '/a', 'y');
      await engine.delete({ key: '/a', expected: 2 });
      assert.equal(text(engine.get('/a', { revision: 1 })?.value), 'x');
      assert.equal(text(engine.get('/a', { revision: 2 })?.value), 'y');
      assert.equal(engine.get('/a', { revision: 3 }), undefined);
      assert.throws(() => engine.range('/', { revision: 4 }), FutureRevision);
    });
    using('ten thousand keys in random order come back sorted', async (engine) => {
      const keys = Array.from({ length: 10_000 }, (_, index) => `/pods/${(index * 7919) % 10_000}`);
      await Promise.all(keys.map((key) => engine.put({ key, value: bytes(key), expected: 0 })));
      assert.deepEqual(
        engine.range('/pods/').entries.map(({ key }) => key),
        [...keys].sort(),
      );
    });
  });

  describe(`${name}: watches`, () => {
    using('every change under the prefix comes once, in order, with what was there before', async (engine) => {
      const seen: Event[] = [];
      engine.watch('/pods/', 0, (events) => seen.push(...events));
      await write(engine, '/pods/a', 'x');
      await write(engine, '/nodes/a', 'x');
      await write(engine, '/pods/a', 'y');
      await engine.delete({ key: '/pods/a', expected: 3 });
      assert.deepEqual(summary(seen), ['1 put /pods/a ', '3 put /pods/a x', '4 delete /pods/a y']);
    });
    using('a watch from the past is told what it missed, and then goes on', async (engine) => {
      await write(engine, '/a', 'x');
      await write(engine, '/b', 'x');
      const seen: Event[] = [];
      const cancel = engine.watch('/', 1, (events) => seen.push(...events));
      await write(engine, '/c', 'x');
      cancel();
      await write(engine, '/d', 'x');
      assert.deepEqual(summary(seen), ['2 put /b ', '3 put /c ']);
    });
    using('watches that begin within a call back neither miss nor double an event', async (engine) => {
      const seen: Event[] = [];
      let begun = false;
      engine.watch('/', 0, () => {
        if (!begun) engine.watch('/', 0, (events) => seen.push(...events));
        begun = true;
      });
      await write(engine, '/a', 'x');
      await write(engine, '/b', 'x');
      assert.deepEqual(summary(seen), ['1 put /a ', '2 put /b ']);
    });
    using('a watch from a future revision is refused', async (engine) => {
      assert.throws(() => engine.watch('/', 5, () => {}), FutureRevision);
    });
  });

  describe(`${name}: compaction`, () => {
    using('what is compacted is refused, what is current stays', async (engine) => {
      await write(engine, '/a', 'x');
      await write(engine, '/a', 'y');
      await write(engine, '/b', 'x');
      await engine.delete({ key: '/b', expected: 3 });
      await engine.compact(3);
      assert.equal(engine.compacted(), 3);
      assert.throws(() => engine.get('/a', { revision: 2 }), Compacted);
      assert.throws(() => engine.watch('/', 2, () => {}), Compacted);
      assert.equal(text(engine.get('/a', { revision: 3 })?.value), 'y');
      assert.equal(text(engine.get('/b', { revision: 3 })?.value), 'x');
      const seen: Event[] = [];
      engine.watch('/', 3, (events) => seen.push(...events));
      assert.deepEqual(summary(seen), ['4 delete /b x']);
    });
    using(
      'history is bounded by itself',
      async (engine) => {
        for (let round = 0; round < 100; round++) await write(engine, '/a', `${round}`);
        assert.ok(engine.compacted() >= 90, `compacted only to ${engine.compacted()}`);
        assert.equal(text(engine.get('/a')?.value), '99');
      },
      { historyEventsMax: 10 },
    );
    const clock = manualClock(1_000_000);
    using(
      'old history is forgotten without a write',
      async (engine) => {
        await write(engine, '/a', 'x');
        await write(engine, '/a', 'y');
        for (let second = 0; second < 30; second++) clock.advance(1000);
        assert.equal(engine.compacted(), 2);
      },
      { historyAgeMsMax: 10_000, clock },
    );
    using(
      'a store that is full refuses puts, takes deletes, and then puts again',
      async (engine) => {
        const value = 'x'.repeat(1000);
        let full: Error | undefined;
        for (let number = 0; full === undefined; number++)
          await write(engine, `/${number}`, value).catch((error) => {
            full = error;
          });
        assert.match(full.message, /bytes/);
        const { entries } = engine.range('/');
        for (const { key, modRevision: expected } of entries) assert.ok((await engine.delete({ key, expected })).ok);
        await engine.compact(engine.revision());
        await write(engine, '/again', value);
      },
      { sizeBytesMax: 200_000 },
    );
  });

  describe(`${name}: expiry`, () => {
    const clock = manualClock(1_000_000);
    using(
      'a key with a time to live is deleted by an event, unless it was put again',
      async (engine) => {
        const deleted = new Promise<Event[]>((resolve) => {
          engine.watch('/', 0, (events) => events.some(({ type }) => type === 'delete') && resolve(events));
        });
        await engine.put({ key: '/short', value: bytes('x'), expected: 0, ttlSeconds: 5 });
        await engine.put({ key: '/kept', value: bytes('x'), expected: 0, ttlSeconds: 5 });
        await write(engine, '/kept', 'y');
        for (let second = 0; second < 7; second++) clock.advance(1000);
        assert.deepEqual(summary(await deleted), ['4 delete /short x']);
        assert.equal(engine.get('/short'), undefined);
        assert.equal(text(engine.get('/kept')?.value), 'y');
      },
      { clock },
    );
  });
}
