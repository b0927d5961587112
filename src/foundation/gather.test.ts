import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGatherer } from './gather.ts';

test('pieces of every size are all there, in order', () => {
  for (const sizes of [[], [5], [0, 3], [1, 1, 1, 1], [3, 0, 100, 7]]) {
    const gathered = createGatherer();
    const pieces = sizes.map((size, index) => Buffer.alloc(size, index + 1));
    for (const piece of pieces) gathered.add(piece);
    assert.deepEqual([gathered.size(), gathered.all()], [Buffer.concat(pieces).length, Buffer.concat(pieces)]);
  }
});

test('a million pieces of one byte take little more than a million bytes, and no piece is changed', () => {
  const gathered = createGatherer();
  const first = Buffer.from('a');
  gathered.add(first);
  const pieces = Buffer.alloc(2 ** 20, 'b');
  for (let at = 0; at < pieces.length; at++) gathered.add(pieces.subarray(at, at + 1));
  assert.ok(gathered.all().buffer.byteLength <= 4 * 2 ** 20);
  assert.equal(String(first), 'a');
});
