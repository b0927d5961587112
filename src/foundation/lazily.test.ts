import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lazily } from './lazily.ts';

test('a field is made when it is first asked for, and once', () => {
  const made: string[] = [];
  const make = (name: string) => () => {
    made.push(name);
    return { name };
  };
  const object = lazily({ a: make('a'), b: make('b') });
  assert.deepEqual(made, []);
  assert.equal(object.b, object.b);
  assert.deepEqual(made, ['b']);
  assert.deepEqual(object.a, { name: 'a' });
  assert.deepEqual(made, ['b', 'a']);
});

test('a field that could not be made is tried again', () => {
  let tries = 0;
  const object = lazily({
    a: () => {
      if (++tries === 1) throw new Error('not yet');
      return tries;
    },
  });
  assert.throws(() => object.a, /not yet/);
  assert.equal(object.a, 2);
});
