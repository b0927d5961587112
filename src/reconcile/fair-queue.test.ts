import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { manualClock } from '../foundation/clock.ts';
import { createFairQueue } from './fair-queue.ts';

/** A queue whose work ends when told. */
function start(atOnceMax: number, waitingMax = 10) {
  const clock = manualClock();
  const started: string[] = [];
  const ends = new Map<string, (again: { againAfterMs: number } | undefined) => void>();
  const queue = createFairQueue<string>({
    ...{ clock, atOnceMax, waitingMax },
    work(item) {
      started.push(item);
      const { promise, resolve } = Promise.withResolvers<{ againAfterMs: number } | undefined>();
      ends.set(item, resolve);
      return promise;
    },
  });
  const end = async (item: string, againAfterMs?: number) => {
    ends.get(item)!(againAfterMs === undefined ? undefined : { againAfterMs });
    await turn();
  };
  const add = (...items: string[]) => items.map((item) => queue.add(item[0]!, item));
  return { clock, started, end, add };
}

test('groups take turns, and items of one group keep their order', async () => {
  const { started, end, add } = start(1);
  add('a1', 'a2', 'a3', 'b1');
  for (const item of ['a1', 'a2', 'b1']) await end(item);
  assert.deepEqual(started, ['a1', 'a2', 'b1', 'a3']);
});

test('what waits is not added twice; what is worked on comes once more, and never twice at a time', async () => {
  const { started, end, add } = start(2);
  add('a1', 'a1', 'a1');
  assert.deepEqual(started, ['a1']);
  await end('a1');
  assert.deepEqual(started, ['a1', 'a1']);
  await end('a1');
  assert.deepEqual(started, ['a1', 'a1']);
});

test('a group that is held back keeps what it has, and delays no other', async () => {
  const { clock, started, end, add } = start(1);
  add('a1', 'a2', 'b1');
  await end('a1', 1000);
  assert.deepEqual(started, ['a1', 'b1']);
  await end('b1');
  assert.deepEqual(started, ['a1', 'b1']);
  clock.advance(1000);
  await end('a2');
  await end('a1');
  assert.deepEqual(started, ['a1', 'b1', 'a2', 'a1']);
});

test('more than may wait is not taken, and said so', async () => {
  const { started, end, add } = start(1, 2);
  assert.deepEqual(add('a1', 'a2', 'b1', 'b2', 'a2'), [true, true, true, false, true]);
  await end('a1');
  assert.deepEqual(add('b2'), [true]);
  assert.deepEqual(started, ['a1', 'a2']);
});
