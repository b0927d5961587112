import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatMicroTime, formatMilliTime, formatTime, systemClock } from './clock.ts';

test('times are written as the clock has them, also when two seconds are asked for in turns', () => {
  const second = Date.UTC(2026, 0, 31, 8, 15, 0);
  for (const milliseconds of [second, second + 7, second + 1999, second + 42, second - 1, second + 0.75]) {
    const iso = new Date(milliseconds).toISOString();
    assert.equal(formatMilliTime(milliseconds), iso);
    assert.equal(formatMicroTime(milliseconds), iso.replace('Z', '000Z'));
    assert.equal(formatTime(milliseconds), iso.replace(/\.\d+Z/, 'Z'));
  }
});

test('a delay that is longer than a timer of Node holds is waited for in parts, and can be cancelled in each', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const maxMs = 2 ** 31 - 1;
  let called = 0;
  systemClock.after(2 * maxMs + 5, () => called++);
  const cancel = systemClock.after(maxMs + 1, () => assert.fail('it was cancelled'));
  context.mock.timers.tick(maxMs);
  cancel();
  context.mock.timers.tick(maxMs);
  context.mock.timers.tick(4);
  assert.equal(called, 0);
  context.mock.timers.tick(1);
  assert.equal(called, 1);
});
