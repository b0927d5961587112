import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatMicroTime, formatMilliTime, formatTime } from './clock.ts';

test('times are written as the clock has them, also when two seconds are asked for in turns', () => {
  const second = Date.UTC(2026, 0, 31, 8, 15, 0);
  for (const milliseconds of [second, second + 7, second + 1999, second + 42, second - 1, second + 0.75]) {
    const iso = new Date(milliseconds).toISOString();
    assert.equal(formatMilliTime(milliseconds), iso);
    assert.equal(formatMicroTime(milliseconds), iso.replace('Z', '000Z'));
    assert.equal(formatTime(milliseconds), iso.replace(/\.\d+Z/, 'Z'));
  }
});
