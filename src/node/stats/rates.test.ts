import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../foundation/clock.ts';
import { createRates } from './rates.ts';

test('a rate comes from two readings that are a second apart, and never falls below nothing', () => {
  const clock = manualClock(1_000_000);
  const { rate, isFresh } = createRates(clock);
  const at = (ms: number, cpuNanoseconds: number) =>
    rate('one', { cpuNanoseconds, workingSetBytes: 1, memoryBytes: 2, atMs: 1_000_000 + ms }).cpuNanocores;
  assert.equal(isFresh('one'), false);
  assert.equal(at(0, 1e9), 0);
  assert.equal(isFresh('one'), true);
  assert.equal(at(500, 1.25e9), 500e6);
  // Still against the first one: the second came too soon after it.
  assert.equal(at(1000, 2e9), 1e9);
  assert.equal(at(3000, 1e9), 0);
  clock.advance(200_000);
  assert.equal(isFresh('one'), false);
});

test('of readings too many the oldest is forgotten', () => {
  const { rate, isFresh } = createRates(manualClock(1_000_000));
  const reading = { cpuNanoseconds: 1, workingSetBytes: 1, memoryBytes: 1, atMs: 1_000_000 };
  for (let index = 0; index <= 10_000; index++) rate(`${index}`, reading);
  assert.deepEqual([isFresh('0'), isFresh('1'), isFresh('10000')], [false, true, true]);
});
