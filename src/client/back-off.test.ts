import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backOffMs } from './back-off.ts';

test('waits double up to the maximum, and half of each is random', () => {
  const full = (attempt: number) => backOffMs(attempt, 100, 1000, () => 1);
  assert.deepEqual([0, 1, 2, 3, 4, 1000].map(full), [100, 200, 400, 800, 1000, 1000]);
  assert.equal(
    backOffMs(2, 100, 1000, () => 0),
    200,
  );
});
