import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createLane } from './lane.ts';

/** Tasks that end when told. */
function tasks() {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const task = (name: string) => () => {
    started.push(name);
    const { promise, resolve } = Promise.withResolvers<void>();
    ends.set(name, resolve);
    return promise;
  };
  const end = async (name: string) => {
    ends.get(name)?.();
    await turn();
  };
  return { started, task, end };
}

test('no more tasks run than allowed, and one at a time per key', async () => {
  const { started, task, end } = tasks();
  const lane = createLane(2, 10);
  for (const [key, name] of [
    ['a', 'a1'],
    ['a', 'a2'],
    ['b', 'b1'],
    ['c', 'c1'],
  ] as const)
    lane.run(key, task(name));
  assert.deepEqual(started, ['a1', 'b1']);
  await end('b1');
  assert.deepEqual(started, ['a1', 'b1', 'c1']);
  await end('a1');
  assert.deepEqual(started, ['a1', 'b1', 'c1', 'a2']);
});

test('of the tasks that wait under a key only the newest is kept, and too many keys are dropped', async () => {
  const { started, task, end } = tasks();
  const lane = createLane(1, 2);
  for (const [key, name] of [
    ['a', 'a1'],
    ['b', 'b1'],
    ['b', 'b2'],
    ['c', 'c1'],
    ['d', 'd1'],
  ] as const)
    lane.run(key, task(name));
  for (const name of ['a1', 'b2', 'c1']) await end(name);
  assert.deepEqual(started, ['a1', 'b2', 'c1']);
});
