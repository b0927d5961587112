import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyJson, decode, encode, namesOf, sameJson, stamp } from './codec.ts';

const object = {
  data: { a: '"metadata":{' },
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name: 'x', resourceVersion: '9' },
};
const text = (value: Uint8Array) => Buffer.from(value).toString();

test('an encoded object starts with what it is, and holds no revision until it is stamped', () => {
  const value = encode(object);
  assert.match(text(value), /^\{"kind":"ConfigMap","apiVersion":"v1","metadata":\{"name":"x"\}/);
  const stamped = stamp(value, 42);
  assert.deepEqual(JSON.parse(text(stamped)), { ...object, metadata: { name: 'x', resourceVersion: '42' } });
  assert.equal(JSON.parse(text(stamp(stamped, 43))).metadata.resourceVersion, '43');
});

test('a value is decoded once while somebody holds it, and frozen all the way down', () => {
  const value = stamp(encode(object), 1);
  const decoded = decode(value);
  assert.equal(decode(value), decoded);
  assert.throws(() => {
    decoded['data'].a = 'changed';
  });
});

test('equality is that of JSON: no order of keys, undefined is absent', () => {
  assert.ok(sameJson({ a: 1, b: [1, { c: 2 }] }, { b: [1, { c: 2 }], a: 1 }));
  assert.ok(sameJson({ a: 1, b: undefined }, { a: 1 }));
  assert.ok(!sameJson({ a: 1 }, { a: 1, b: 2 }));
  assert.ok(!sameJson({ a: [] }, { a: {} }));
  assert.ok(!sameJson([1, 2], [2, 1]));
  assert.ok(!sameJson(null, {}));
});

test('a copy shares nothing, and a key called __proto__ stays data', () => {
  const source = JSON.parse('{"a":{"__proto__":{"b":1}},"c":[{"d":1}]}');
  const copy = copyJson(source);
  assert.deepEqual(copy, source);
  assert.notEqual(copy.c[0], source.c[0]);
  assert.ok(Object.hasOwn(copy.a, '__proto__'));
  assert.deepEqual(Object.keys(copyJson({ a: undefined, b: 1 })), ['b']);
});

test('a key tells namespace and name', () => {
  assert.deepEqual(namesOf('/registry/pods/default/web'), { namespace: 'default', name: 'web' });
  assert.deepEqual(namesOf('/registry/nodes//n1'), { namespace: '', name: 'n1' });
});
