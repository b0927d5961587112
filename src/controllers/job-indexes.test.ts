import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatIndexes, parseIndexes } from './job-indexes.ts';

test('indexes are written as ranges and read back', () => {
  assert.equal(formatIndexes([7, 0, 2, 3, 4, 4, 9, 10]), '0,2-4,7,9,10');
  assert.deepEqual([...parseIndexes('0,2-4,7,9,10', 11)], [0, 2, 3, 4, 7, 9, 10]);
  assert.equal(formatIndexes([]), '');
});

test('what is out of range or no range does not count', () => {
  assert.deepEqual([...parseIndexes('3-999999999,x,-1,', 5)], [3, 4]);
  assert.equal(parseIndexes(undefined, 5).size, 0);
});
