import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../api/object.ts';
import { decode, decodeCopy, encode, namesOf, remember, stamp } from './codec.ts';

const object = {
  data: { a: '"metadata":{' },
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name: 'x', resourceVersion: '9' },
};
const text = (value: Uint8Array) => Buffer.from(value).toString();

test('an encoded object starts with what it is, and holds no revision until it is stamped', () => {
  const value = encode(object);
  assert.match(text(value), /^\{"kind":"ConfigMap","apiVersion":"v1","metadata":\{ +"name":"x"\}/);
  const stamped = stamp(value, Number.MAX_SAFE_INTEGER);
  assert.equal(JSON.parse(text(stamped)).metadata.resourceVersion, '9007199254740991');
});

test('a value is stamped in place once; one that has a revision is copied', () => {
  const value = encode(object);
  const stamped = stamp(value, 42);
  assert.equal(stamped, value);
  assert.deepEqual(JSON.parse(text(stamped)), { ...object, metadata: { name: 'x', resourceVersion: '42' } });
  const again = stamp(stamped, 1234);
  assert.deepEqual(JSON.parse(text(again)), { ...object, metadata: { name: 'x', resourceVersion: '1234' } });
  assert.equal(JSON.parse(text(stamped)).metadata.resourceVersion, '42');
});

test('managed fields are written as any other field, and shared by private copies', () => {
  const fieldsV1 = { 'f:data': { '.': {}, 'f:a': {} } };
  const managedFields = [{ manager: 'test', fieldsV1 }, { manager: 'nothing' }];
  const owned = { ...object, metadata: { name: 'x', managedFields } };
  const value = stamp(encode(owned), 7);
  assert.deepEqual(decode(value), { ...owned, metadata: { ...owned.metadata, resourceVersion: '7' } });
  const copy = decodeCopy(value);
  assert.deepEqual(copy, decode(value));
  assert.equal(copy.metadata.managedFields, decode(value).metadata.managedFields);
  copy['data'].a = 'changed';
  assert.notDeepEqual(copy, decode(value));
});

test('a value is decoded once while somebody holds it, and frozen all the way down', () => {
  const value = stamp(encode(object), 1);
  const decoded = decode(value);
  assert.equal(decode(value), decoded);
  assert.throws(() => {
    decoded['data'].a = 'changed';
  });
});

test('what its writer gave away outlives collections until the watchers of the turn are told', async () => {
  const values = Array.from({ length: 1100 }, () => stamp(encode(object), 1));
  const objects = await new Promise<KubernetesObject[]>((resolve) => {
    // In a turn of its own, as what the store's worker answers; V8 holds what is weakly referred to until its end.
    setImmediate(() => {
      setImmediate(() => resolve(afterCollections(values)));
      giveAway(values);
    });
  });
  assert.deepEqual(new Set(objects.slice(0, 1024).map(({ metadata }) => metadata.name)), new Set(['given']));
  const beyond = objects.slice(1024).filter(({ metadata }) => metadata.name === 'x');
  assert.ok(beyond.length > 0, 'more than the bound is not held');
});

/** Not what was written, so that parsing it anew shows. */
function giveAway(values: Uint8Array[]): void {
  for (const value of values) remember(value, { ...object, metadata: { name: 'given' } }, 1);
}

function afterCollections(values: Uint8Array[]): KubernetesObject[] {
  let garbage: unknown[] = [];
  for (let index = 0; index < 500_000; index++) {
    if (index % 1000 === 0) garbage = [];
    garbage.push(new Array(50).fill(index));
  }
  return values.map(decode);
}

test('a key tells namespace and name', () => {
  assert.deepEqual(namesOf('/registry/pods/default/web'), { namespace: 'default', name: 'web' });
  assert.deepEqual(namesOf('/registry/nodes//n1'), { namespace: '', name: 'n1' });
});
