import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyJson, deepFreeze, equalJson } from './json.ts';

test('equality is that of JSON: no order of keys, undefined is absent', () => {
  assert.ok(equalJson({ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 }));
  assert.ok(equalJson({ a: 1, b: undefined }, { a: 1 }));
  assert.ok(!equalJson({ a: 1 }, { a: 1, b: 2 }));
  assert.ok(!equalJson({ a: [] }, { a: {} }));
  assert.ok(!equalJson([1, 2], [2, 1]));
  assert.ok(!equalJson(null, {}));
  for (const inherited of ['{"constructor":"x"}', '{"__proto__":{}}', '{"toString":null}']) {
    assert.ok(!equalJson({}, JSON.parse(inherited)), inherited);
    assert.ok(!equalJson(JSON.parse(inherited), {}), inherited);
  }
  assert.ok(!equalJson({ a: [1, { b: 'x' }] }, { a: { 0: 1, 1: { b: 'x' } } }));
});

test('a copy shares nothing, and a key called __proto__ stays data', () => {
  const source = JSON.parse('{"a":{"__proto__":{"b":1}},"c":[{"d":1}]}');
  const copy = copyJson(source);
  assert.deepEqual(copy, source);
  assert.notEqual(copy.c[0], source.c[0]);
  assert.ok(Object.hasOwn(copy.a, '__proto__'));
  assert.deepEqual(Object.keys(copyJson({ a: undefined, b: 1 })), ['b']);
});

test('a frozen value is frozen all the way down', () => {
  const value = deepFreeze({ a: [{ b: 1 }] });
  assert.throws(() => {
    value.a[0]!.b = 2;
  }, TypeError);
});
