import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { manualClock } from '../foundation/clock.ts';
import { createCoalescer } from './coalesce.ts';

function counted(outcomes: (Error | undefined)[] = []) {
  const clock = manualClock();
  const errors: unknown[] = [];
  let runs = 0;
  const run = async () => {
    const outcome = outcomes[runs++];
    if (outcome !== undefined) throw outcome;
  };
  return { clock, errors, coalescer: createCoalescer(clock, run, (error) => errors.push(error)), runs: () => runs };
}

test('many changes become one run at once and one after the interval', async () => {
  const { clock, coalescer, runs } = counted();
  for (let index = 0; index < 100; index++) coalescer.trigger();
  await setImmediate();
  assert.equal(runs(), 1);
  clock.advance(49);
  await setImmediate();
  assert.equal(runs(), 1);
  clock.advance(1);
  await setImmediate();
  assert.equal(runs(), 2);
});

test('a flush waits for a run that began after it', async () => {
  const { clock, coalescer, runs } = counted();
  coalescer.trigger();
  const flushed = coalescer.flush().then(() => runs());
  await setImmediate();
  clock.advance(50);
  assert.equal(await flushed, 2);
});

test('a failed run rejects its flushes and is repeated after a second', async () => {
  const { clock, coalescer, runs, errors } = counted([new Error('busy')]);
  await assert.rejects(coalescer.flush(), /busy/);
  assert.equal(errors.length, 1);
  await setImmediate();
  clock.advance(1000);
  await setImmediate();
  assert.equal(runs(), 2);
});

test('after stop nothing runs, and who waits is told', async () => {
  const { clock, coalescer, runs } = counted();
  coalescer.trigger();
  await setImmediate();
  const waiting = coalescer.flush();
  await Promise.all([assert.rejects(waiting, /stopped/), coalescer.stop()]);
  clock.advance(1000);
  assert.equal(runs(), 1);
});
