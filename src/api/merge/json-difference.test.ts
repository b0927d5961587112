import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyJson } from '../../foundation/json.ts';
import { jsonDifference } from './json-difference.ts';
import { jsonPatch } from './merge.ts';

test('applied to what was before, a difference makes what is after', () => {
  const values = [
    {},
    { a: 1, 'b/c~d': [1, { e: null }] },
    { a: { x: 1 }, 'b/c~d': [1, { e: 2 }] },
    { a: [], 'b/c~d': [1] },
    { a: [{ x: 1 }, { y: 2 }] },
    { a: [{ x: 1, z: false }, { y: 3 }], c: 'new' },
  ];
  for (const before of values)
    for (const after of values)
      assert.deepEqual(jsonPatch(copyJson(before), copyJson(jsonDifference(before, after))), after);
});

test('only what differs is named', () => {
  const before = { list: [{ a: 1 }, { a: 2 }], same: { deep: [1] } };
  const after = { list: [{ a: 1, b: 3 }, { a: 2 }], same: { deep: [1] } };
  assert.deepEqual(jsonDifference(before, after), [{ op: 'add', path: '/list/0/b', value: 3 }]);
});

test('ten thousand items that all differ are ten thousand operations', () => {
  const items = (value: number) => Array.from({ length: 10_000 }, (_, index) => ({ name: `c${index}`, value }));
  assert.equal(jsonDifference({ items: items(1) }, { items: items(2) }).length, 10_000);
});
