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

test('what did not fit comes back, at its old place', () => {
  const { clock, queue } = setUp();
  for (const name of ['a', 'b']) queue.add(buildInfo(name));
  queue.park(queue.pop()!, wakes('node'));
  assert.deepEqual(queue.depth(), { active: 1, parked: 1 });
  clock.advance(2000);
  queue.wake('node');
  clock.advance(100);
  assert.deepEqual([queue.pop()?.name, queue.pop()?.name], ['a', 'b']);
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
