import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inOnePiece } from './one-piece.ts';

test('a text is what it was', () => {
  for (const text of ['', 'a', `${'kube-api-access-'}${'b'.repeat(3)}`, ' ä ö']) assert.equal(inOnePiece(text), text);
});
