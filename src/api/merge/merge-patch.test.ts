import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergePatch } from './merge-patch.ts';

test('a merge patch deletes with null and cannot reach the prototype', () => {
  assert.deepEqual(mergePatch({ a: 1, b: { c: 2, d: 3 } }, { a: null, b: { c: 4 } }), { b: { c: 4, d: 3 } });
  mergePatch({}, JSON.parse('{"__proto__": {"polluted": true}}'));
  assert.equal(({} as any).polluted, undefined);
});
