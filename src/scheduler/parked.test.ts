import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../foundation/clock.ts';
import { createParkedPods } from './parked.ts';
import type { Wake } from './plugin.ts';
import { buildInfo } from './testing/builders.ts';
import type { Waiting } from './waiting.ts';

/** `took` gives the pods that came back since it was asked last. */
function setUp({ isIdle = true } = {}) {
  const clock = manualClock();
  let back: Waiting[] = [];
  const parked = createParkedPods(clock, { comeBack: (waiting) => back.push(waiting), isIdle: () => isIdle });
  const took = () => {
    const taken = back;
    back = [];
    return taken;
  };
  return { clock, parked, took, names: () => took().map(({ pod }) => pod.name) };
}
const fresh = (name: string, order = 0): Waiting => ({ pod: buildInfo(name), order, attempts: 0 });
const wakes = (...names: Wake[]) => new Set(names);

test('what did not fit waits for a change that its plugins asked for, and for its back-off', () => {
  const { clock, parked, names } = setUp();
  parked.park(fresh('a'), wakes('node'));
  clock.advance(2000);
  parked.wake('pod-gone');
  clock.advance(100);
  assert.deepEqual(names(), []);
  parked.wake('node');
  clock.advance(100);
  assert.deepEqual(names(), ['a']);
  assert.equal(parked.size(), 0);
});

test('what failed by an error waits for its back-off, which grows to ten seconds', () => {
  const { clock, parked, took } = setUp();
  let waiting = fresh('a');
  for (const seconds of [1, 2, 4, 8, 10, 10]) {
    parked.park(waiting, wakes());
    parked.wake('node');
    clock.advance(seconds * 1000 - 1000);
    assert.deepEqual(took(), [], `before ${seconds} s`);
    clock.advance(2000);
    waiting = took()[0]!;
  }
  assert.equal(waiting.attempts, 6);
});

test('with nothing else to do the first that are woken need not wait for their back-off, the others do', () => {
  const all = Array.from({ length: 20 }, (_, index) => `p${index}`);
  for (const isIdle of [true, false]) {
    const { clock, parked, names } = setUp({ isIdle });
    // The last come first, so that order and not arrival decides.
    for (const [order, name] of [...all.entries()].reverse()) parked.park(fresh(name, order), wakes('pod-gone'));
    parked.wake('pod-gone');
    clock.advance(100);
    const early = isIdle ? all.slice(0, 16) : [];
    assert.deepEqual(names(), early);
    clock.advance(2000);
    assert.deepEqual(names().sort(), all.filter((name) => !early.includes(name)).sort());
  }
});

test('a pod that nothing wakes comes back after minutes', () => {
  const { clock, parked, names } = setUp();
  parked.park(fresh('a'), wakes('volume'));
  clock.advance(4 * 60_000);
  assert.deepEqual(names(), []);
  clock.advance(2 * 60_000);
  assert.deepEqual(names(), ['a']);
});

test('a pod that is taken out does not come back', () => {
  const { clock, parked, names } = setUp();
  const waiting = fresh('a');
  parked.park(waiting, wakes());
  assert.equal(parked.get(waiting.pod.uid)?.pod, waiting.pod);
  parked.remove(waiting.pod.uid);
  clock.advance(20_000);
  assert.deepEqual(names(), []);
});
