import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode, namesOf, stamp } from './codec.ts';

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

test('a key tells namespace and name', () => {
  assert.deepEqual(namesOf('/registry/pods/default/web'), { namespace: 'default', name: 'web' });
  assert.deepEqual(namesOf('/registry/nodes//n1'), { namespace: '', name: 'n1' });
});
