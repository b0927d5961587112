import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../../test/property.ts';
import { createOrdered } from './ordered.ts';

const numbers = Array.from({ length: 3000 }, (_, index) => `/k/${(index * 1009) % 3000}`);

test('after many inserts and removals a prefix still has exactly its keys, in order', () => {
  const ordered = createOrdered<{ key: string }>();
  for (const key of numbers) ordered.insert({ key });
  for (const key of numbers) if (!key.endsWith('7') && !key.startsWith('/k/2')) ordered.remove(key);
  const left = numbers.filter((key) => key.endsWith('7') || key.startsWith('/k/2')).sort();
  assert.equal(ordered.size, left.length);
  const under = (prefix: string) => [...ordered.under(prefix)].flat().map(({ key }) => key);
  assert.deepEqual(under(''), left);
  for (const prefix of ['/k/2', '/k/29', '/k/1', '/k/zzz', '/', '/a', '/z'])
    assert.deepEqual(
      under(prefix),
      left.filter((key) => key.startsWith(prefix)),
      prefix,
    );
});

test('any keys and any prefix agree with filter and sort', () => {
  const key = fc.string({ maxLength: 4 });
  fc.assert(
    fc.property(fc.uniqueArray(key, { maxLength: 60 }), fc.array(key), key, (inserted, removed, prefix) => {
      const ordered = createOrdered<{ key: string }>();
      for (const name of inserted) ordered.insert({ key: name });
      for (const name of removed) ordered.remove(name);
      const expected = inserted.filter((name) => !removed.includes(name) && name.startsWith(prefix)).sort();
      assert.deepEqual(
        [...ordered.under(prefix)].flat().map((item) => item.key),
        expected,
      );
    }),
  );
});
