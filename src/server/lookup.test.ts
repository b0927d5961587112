import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf } from '../api/api.ts';
import { openEngine } from '../store/store.ts';
import { createLookup } from './lookup.ts';
import { stamp } from './storage/codec.ts';
import { createStorage } from './storage/storage.ts';
import { configMap } from './testing/objects.ts';

const kind = kindOf('v1', 'ConfigMap')!;

async function open() {
  const engine = await openEngine({ engine: 'memory', stamp });
  const storage = createStorage(engine);
  const make = (namespace: string, name: string) =>
    storage.create(kind, { ...configMap(name), metadata: { name, namespace } });
  const remove = (namespace: string, name: string) =>
    storage.update(kind, namespace, name, (object) => ({ object, action: 'remove' }));
  const lookup = createLookup(engine);
  const names = (namespace?: string) => lookup.list('configmaps', namespace).map(({ metadata }) => metadata.name);
  return { engine, lookup, make, remove, names };
}

test('what was listed is followed, in its namespace and in all', async () => {
  const { engine, lookup, make, remove, names } = await open();
  await make('a', 'one');
  assert.deepEqual([names('a'), names('b'), names()], [['one'], [], ['one']]);
  const version = lookup.version('configmaps');
  await Promise.all([make('a', 'two'), make('b', 'three')]);
  assert.ok(lookup.version('configmaps') > version);
  assert.deepEqual([names('a'), names('b'), names()], [['one', 'two'], ['three'], ['one', 'two', 'three']]);
  assert.equal(lookup.get('configmaps', 'b', 'three')?.metadata.name, 'three');
  await remove('b', 'three');
  assert.deepEqual([names('a'), names('b'), names()], [['one', 'two'], [], ['one', 'two']]);
  assert.equal(lookup.get('configmaps', 'b', 'three'), undefined);
  await engine.close();
});

test('a list is kept until something changes in its namespace, and of a namespace that is not there nothing is', async () => {
  const { engine, lookup, make } = await open();
  await make('a', 'one');
  const [here, all] = [lookup.list('configmaps', 'a'), lookup.list('configmaps')];
  assert.deepEqual([lookup.list('configmaps', 'a') === here, lookup.list('configmaps') === all], [true, true]);
  await make('b', 'two');
  assert.deepEqual([lookup.list('configmaps', 'a') === here, lookup.list('configmaps') === all], [true, false]);
  await make('a', 'three');
  assert.notEqual(lookup.list('configmaps', 'a'), here);
  assert.equal(lookup.list('configmaps', 'x'.repeat(30_000)), lookup.list('configmaps', 'nowhere'));
  await engine.close();
});
