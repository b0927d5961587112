import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../foundation/clock.ts';
import type { Wake } from './plugin.ts';
import { createQueue } from './queue.ts';
import { buildInfo } from './testing/builders.ts';

const setUp = () => {
  const clock = manualClock();
  return { clock, queue: createQueue(clock, () => {}) };
};
const wakes = (...names: Wake[]) => new Set(names);

test('higher priority first, and among equals who came first', () => {
  const { queue } = setUp();
  for (const [name, priority] of [
    ['a', 0],
    ['b', 5],
    ['c', 0],
    ['d', 5],
  ] as const)
    queue.add(buildInfo(name, { priority }));
  assert.deepEqual(
    [1, 2, 3, 4].map(() => queue.pop()?.name),
    ['b', 'd', 'a', 'c'],
  );
  assert.equal(queue.pop(), undefined);
});

test('what did not fit waits for a change that its plugins asked for, and for its back-off', () => {
  const { clock, queue } = setUp();
  queue.add(buildInfo('a'));
  queue.park(queue.pop()!, wakes('node'));
  clock.advance(2000);
  queue.wake('pod-gone');
  clock.advance(100);
  assert.equal(queue.pop(), undefined);
  queue.wake('node');
  clock.advance(100);
  assert.equal(queue.pop()?.name, 'a');
});

test('what failed by an error waits for its back-off, which grows to ten seconds', () => {
  const { clock, queue } = setUp();
  const pod = buildInfo('a');
  queue.add(pod);
  for (const seconds of [1, 2, 4, 8, 10, 10]) {
    assert.equal(queue.pop(), pod);
    queue.park(pod, wakes());
    queue.wake('node');
    clock.advance(seconds * 1000 - 1000);
    assert.equal(queue.pop(), undefined, `before ${seconds} s`);
    clock.advance(2000);
  }
  assert.equal(queue.pop(), pod);
});

test('with nothing else to do the first that are woken need not wait for their back-off, the others do', () => {
  const { clock, queue } = setUp();
  const names = Array.from({ length: 20 }, (_, index) => `p${index}`);
  for (const name of names) queue.add(buildInfo(name));
  for (const _ of names) queue.park(queue.pop()!, wakes('pod-gone'));
  const popAll = () => {
    const popped: string[] = [];
    for (let pod = queue.pop(); pod; pod = queue.pop()) popped.push(pod.name);
    return popped;
  };
  queue.wake('pod-gone');
  clock.advance(100);
  assert.deepEqual(popAll(), names.slice(0, 16));
  clock.advance(2000);
  assert.deepEqual(popAll(), names.slice(16));
});

test('a pod that nothing wakes is tried again after minutes', () => {
  const { clock, queue } = setUp();
  queue.add(buildInfo('a'));
  queue.park(queue.pop()!, wakes('volume'));
  clock.advance(4 * 60_000);
  assert.equal(queue.pop(), undefined);
  clock.advance(2 * 60_000);
  assert.equal(queue.pop()?.name, 'a');
});

test('removed pods do not come up, changed ones come up once, as they are now', () => {
  const { queue } = setUp();
  queue.add(buildInfo('a'));
  queue.add(buildInfo('b'));
  queue.remove(buildInfo('a').uid);
  const changed = buildInfo('b', { labels: { now: 'yes' } });
  queue.add(changed);
  assert.equal(queue.pop(), changed);
  assert.equal(queue.pop(), undefined);
});

test('a pod that was removed while it was decided is not parked', () => {
  const { clock, queue } = setUp();
  queue.add(buildInfo('a'));
  const pod = queue.pop()!;
  queue.remove(pod.uid);
  queue.park(pod, wakes());
  clock.advance(20_000);
  assert.equal(queue.pop(), undefined);
});
