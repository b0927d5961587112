import assert from 'node:assert/strict';
import { test } from 'node:test';
import { intOrPercent } from './int-or-percent.ts';

test('percentages are rounded as told, numbers stay', () => {
  assert.deepEqual(
    [
      intOrPercent('25%', 10, true),
      intOrPercent('25%', 10, false),
      intOrPercent(3, 10, true),
      intOrPercent('4', 1, true),
    ],
    [3, 2, 3, 4],
  );
  assert.deepEqual([intOrPercent(undefined, 10, true), intOrPercent('x%', 10, true)], [0, 0]);
});
