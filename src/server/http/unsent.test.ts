import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createUnsent } from './unsent.ts';

test('readers who are behind are refused once all together are too far behind, others are not', () => {
  const unsent = createUnsent(100);
  const [slow, slower, quick] = [{}, {}, {}];
  assert.equal(unsent.note(slow, 60), true);
  assert.equal(unsent.note(slower, 40), true);
  assert.equal(unsent.note(slow, 61), false);
  assert.equal(unsent.note(slower, 41), true, 'not the cause: it has less than half of the bound');
  assert.equal(unsent.note(quick, 0), true, 'who has read everything is not cut off for others');
  unsent.forget(slower);
  assert.equal(unsent.bytes(), 61);
  assert.equal(unsent.note(slow, 100), true);
});

test('what a reader has caught up with, or left behind when it went, does not count', () => {
  const unsent = createUnsent(100);
  const reader = {};
  unsent.note(reader, 90);
  unsent.note(reader, 10);
  assert.equal(unsent.bytes(), 10);
  unsent.forget(reader);
  unsent.forget(reader);
  assert.equal(unsent.bytes(), 0);
});
