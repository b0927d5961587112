import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHistory } from './history.ts';

test('the history of one key that was written very often is forgotten at once', () => {
  const history = createHistory((value) => value);
  const [value, writes] = [new Uint8Array(10), 60_000];
  for (let expected = 0; expected < writes; expected++) history.put({ key: '/a', value, expected }, 0);
  history.publish(writes);
  const startMs = performance.now();
  assert.equal(history.compact(writes).length, writes - 1);
  // One by one it took half a minute, while nobody else was answered.
  assert.ok(performance.now() - startMs < 1000);
  assert.deepEqual([history.bytes(), history.supersededBytes()], [10, 0]);
  assert.equal(history.get('/a')?.modRevision, writes);
});
