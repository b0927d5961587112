import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { manualClock } from '../foundation/clock.ts';
import type { Result } from './controller.ts';
import { createWorkQueue } from './work-queue.ts';

function start(concurrency = 1) {
  const clock = manualClock();
  const begun: string[] = [];
  const errors: string[] = [];
  const running = new Map<string, { resolve(result: Result): void; reject(error: Error): void }>();
  const work = (key: string) => {
    begun.push(key);
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    running.set(key, { resolve, reject });
    return promise;
  };
  const onError = (key: string, failures: number) => errors.push(`${key} ${failures}`);
  const queue = createWorkQueue({ clock, concurrency, work, onError, random: () => 1 });
  const finish = async (key: string, result: Result = undefined) => {
    running.get(key)!.resolve(result);
    await turn();
  };
  const fail = async (key: string) => {
    running.get(key)!.reject(new Error('broken'));
    await turn();
  };
  return { queue, clock, begun, errors, finish, fail };
}

test('a key waits once, and others wait for a free worker', async () => {
  const { queue, begun, finish } = start();
  for (const key of ['a', 'b', 'b', 'c']) queue.add(key);
  assert.deepEqual([begun, queue.depth()], [['a'], 2]);
  await finish('a');
  await finish('b');
  assert.deepEqual(begun, ['a', 'b', 'c']);
});

test('a key that is added while it is worked on runs once more, afterwards', async () => {
  const { queue, begun, finish } = start(4);
  for (const key of ['a', 'a', 'a']) queue.add(key);
  assert.deepEqual(begun, ['a']);
  await finish('a');
  assert.deepEqual(begun, ['a', 'a']);
  await finish('a');
  assert.deepEqual(begun, ['a', 'a']);
});

test('a key that changes all the time rests in proportion to its work, and others go first', async () => {
  const { queue, clock, begun, finish } = start(1);
  queue.add('hot');
  queue.add('hot');
  clock.advance(10);
  await finish('hot');
  queue.add('hot');
  queue.add('other');
  assert.deepEqual(begun, ['hot', 'other']);
  await finish('other');
  clock.advance(39);
  assert.deepEqual(begun, ['hot', 'other']);
  clock.advance(1);
  assert.deepEqual(begun, ['hot', 'other', 'hot']);
});

test('failures come back later and later, and success starts over', async () => {
  const { queue, clock, begun, errors, fail, finish } = start();
  queue.add('a');
  await fail('a');
  clock.advance(4);
  assert.equal(begun.length, 1);
  clock.advance(1);
  assert.equal(begun.length, 2);
  await fail('a');
  clock.advance(9);
  assert.equal(begun.length, 2);
  clock.advance(1);
  await finish('a');
  queue.add('a');
  await fail('a');
  assert.deepEqual(errors, ['a 1', 'a 2', 'a 1']);
});

test('a result asks for a later run, which an earlier one replaces', async () => {
  const { queue, clock, begun, finish } = start();
  queue.add('a');
  await finish('a', { requeueAfterMs: 1000 });
  queue.add('a');
  await finish('a');
  clock.advance(5000);
  assert.equal(begun.length, 2);
});

test('nothing runs after stop', async () => {
  const { queue, clock, begun, finish } = start();
  queue.add('a');
  queue.add('b');
  queue.addAfter('c', 5);
  queue.stop();
  await finish('a', { requeueAfterMs: 1 });
  clock.advance(100);
  assert.deepEqual(begun, ['a']);
});
