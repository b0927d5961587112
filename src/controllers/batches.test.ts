import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBatches } from './batches.ts';

test('batches double, and a failing one is the last', async () => {
  const asked: number[] = [];
  const result = await inBatches(20, async (index) => {
    asked.push(index);
    if (index === 4) throw new Error('quota');
  });
  assert.deepEqual(asked, [0, 1, 2, 3, 4, 5, 6]);
  assert.equal(result.done, 6);
  assert.match(String(result.error), /quota/);
});

test('everything is done once when nothing fails', async () => {
  const asked: number[] = [];
  assert.equal((await inBatches(10, async (index) => asked.push(index))).done, 10);
  assert.deepEqual(asked, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
