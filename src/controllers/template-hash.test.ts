import assert from 'node:assert/strict';
import { test } from 'node:test';
import { templateHash } from './template-hash.ts';

test('the hash follows the value, not the order of its fields', () => {
  assert.equal(templateHash({ a: 1, b: [{ c: 2, d: undefined }] }), templateHash({ b: [{ c: 2 }], a: 1 }));
  assert.notEqual(templateHash({ a: 1 }), templateHash({ a: 2 }));
  assert.notEqual(templateHash({ a: 1 }), templateHash({ a: 1 }, 1));
  assert.match(templateHash({}), /^[a-z0-9]{10}$/);
});
