import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equalJson } from './equal.ts';

test('undefined is absent and order does not count', () => {
  assert.ok(equalJson({ a: 1, b: undefined, c: [{ d: 1 }] }, { c: [{ d: 1, e: undefined }], a: 1 }));
});

test('what differs anywhere differs', () => {
  const base = { a: [1, { b: 'x' }], c: null };
  for (const other of [
    { a: [1, { b: 'y' }], c: null },
    { a: [1], c: null },
    { a: [1, { b: 'x' }] },
    { a: [1, { b: 'x' }], c: null, d: 0 },
    { a: { 0: 1, 1: { b: 'x' } }, c: null },
    null,
  ])
    assert.ok(!equalJson(base, other), JSON.stringify(other));
});
