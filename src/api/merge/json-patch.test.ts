import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copiedMost, jsonPatch, movedMost } from './json-patch.ts';

test('a JSON patch that does not apply says which operation, and copies are bounded', () => {
  assert.deepEqual(jsonPatch({ a: [1, 2] }, [{ op: 'add', path: '/a/-', value: 3 }]), { a: [1, 2, 3] });
  assert.throws(() => jsonPatch({ a: 1 }, [{ op: 'test', path: '/a', value: 2 }]), /operation 0 \(test \/a\)/);
  assert.throws(() => jsonPatch({ a: 1 }, [{ op: 'remove', path: '/b' }]), { reason: 'Invalid' });
  const doubled = Array.from({ length: 60 }, (_, index) => ({ op: 'copy', from: '/a', path: `/a/b${index}` }));
  assert.throws(() => jsonPatch({ a: {} }, doubled), { reason: 'RequestEntityTooLarge' });
  const copy = [{ op: 'copy', from: '/a', path: '/b' }];
  jsonPatch({ a: 'x'.repeat(copiedMost - 2) }, copy);
  assert.throws(() => jsonPatch({ a: 'x'.repeat(copiedMost - 1) }, copy), { reason: 'RequestEntityTooLarge' });
  assert.throws(() => jsonPatch({}, new Array(10_001).fill({ op: 'test', path: '', value: {} })), /10000/);
});

test('every operation does what RFC 6902 says', () => {
  const cases: [object, object[], object][] = [
    [{ a: [1, 2] }, [{ op: 'add', path: '/a/2', value: 3 }], { a: [1, 2, 3] }],
    [{ a: [1, 2] }, [{ op: 'add', path: '/a/0', value: 3 }], { a: [3, 1, 2] }],
    [{ a: [1, 2] }, [{ op: 'replace', path: '/a/1', value: 3 }], { a: [1, 3] }],
    [{ a: [1, 2] }, [{ op: 'remove', path: '/a/0' }], { a: [2] }],
    [{ a: { 'b/c~d': 1 } }, [{ op: 'move', from: '/a/b~1c~0d', path: '/e' }], { a: {}, e: 1 }],
    [
      { a: { b: 1 } },
      [
        { op: 'copy', from: '/a', path: '/c' },
        { op: 'add', path: '/c/d', value: 2 },
      ],
      { a: { b: 1 }, c: { b: 1, d: 2 } },
    ],
    [{ a: null }, [{ op: 'test', path: '/a', value: null }], { a: null }],
    [{ a: {} }, [{ op: 'replace', path: '/a/b', value: 1 }], { a: { b: 1 } }],
    [{ a: 1 }, [{ op: 'replace', path: '', value: { b: 1 } }], { b: 1 }],
  ];
  for (const [target, patch, expected] of cases) assert.deepEqual(jsonPatch(target, patch), expected);
  const patch = [
    { op: 'add', path: '/a', value: [] },
    { op: 'add', path: '/a/-', value: 1 },
  ];
  for (const _ of [1, 2]) assert.deepEqual(jsonPatch({}, patch), { a: [1] }, 'a patch can be applied again');
});

test('a path leads to what JSON has, never to what every object and list of JavaScript has', () => {
  const add = (path: string) => ({ op: 'add', path, value: 1 });
  const hostile = [
    ...[add('/__proto__/x'), add('/constructor/prototype/x'), add('/name/x'), add('/count/x'), add('/list/1x')],
    ...[add('/map/hasOwnProperty/call'), add('/list/push/call'), add('/list/-1'), add('/list/3')],
    ...['/list/length', '/list/01', '/name/0', '/list/-'].map((path) => ({ ...add(path), op: 'replace' })),
    ...['/list/length', '/map/toString', '/name/0', '/list/2'].map((path) => ({ op: 'remove', path })),
    ...['copy', 'move'].map((op) => ({ op, from: '/map/toString', path: '/new' })),
    { op: 'test', path: '/map/toString/name', value: 'toString' },
    { op: 'move', from: '/map', path: '/map/a' },
  ];
  for (const operation of hostile) {
    const target = { name: 'web', count: 1, map: {}, list: [1, 2] };
    assert.throws(() => jsonPatch(target, [operation]), { reason: 'Invalid' }, JSON.stringify(operation));
  }
  assert.equal(({} as any).x, undefined);
  assert.deepEqual([Object.keys(Object.prototype.hasOwnProperty), Object.keys(Array.prototype.push)], [[], []]);
  const labels = jsonPatch({ constructor: 'a' }, [add('/__proto__'), { op: 'remove', path: '/constructor' }]);
  assert.equal(JSON.stringify(labels), '{"__proto__":1}', 'a label may be called so');
});

test('what is no patch is a bad request', () => {
  const wrong: unknown[] = [{}, [null], [{ op: 'toString', path: '/a' }], [{ op: 'add', path: 'a', value: 1 }]];
  wrong.push([{ op: 'add', path: '/a' }], [{ op: 'copy', path: '/a' }], [{ op: 'remove', path: '' }]);
  wrong.push([{ op: 'replace', path: '', value: 1 }]);
  for (const patch of wrong)
    assert.throws(() => jsonPatch({ a: 1 }, patch), { reason: 'BadRequest' }, JSON.stringify(patch));
});

test('a JSON patch compares and moves in time that grows with what it leads to', () => {
  const numbers = (from: number, length = 5000) => Array.from({ length }, (_, index) => from + index);
  const test = (value: unknown) => [{ op: 'test', path: '/a', value }];
  jsonPatch({ a: numbers(0) }, test(numbers(0)));
  // The shortest way from one to the other would be looked for among 25 million.
  assert.throws(() => jsonPatch({ a: numbers(0) }, test(numbers(1))), { reason: 'Invalid' });
  assert.throws(() => jsonPatch({ a: 1 }, [{ op: 'test', path: '/b', value: null }]), { reason: 'Invalid' });
  const times = (count: number, operation: object) => Array(count).fill(operation);
  const insert = { op: 'add', path: '/a/0', value: 0 };
  const length = movedMost / 1000 - 1000;
  jsonPatch({ a: numbers(0, length) }, times(1000, insert));
  const tooMuch = { reason: 'RequestEntityTooLarge' };
  assert.throws(() => jsonPatch({ a: numbers(0, length) }, times(1200, insert)), tooMuch);
  assert.throws(
    () => jsonPatch({ a: numbers(0, length) }, times(600, { op: 'move', from: '/a/0', path: '/a/1' })),
    tooMuch,
  );
  jsonPatch({ a: [] }, times(10_000, { op: 'add', path: '/a/-', value: 0 }));
  assert.throws(() => jsonPatch({}, [{ op: 'add', path: '/a'.repeat(3000), value: 1 }]), /4096 characters/);
});
