import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTurn } from './turn.ts';

const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test('many wishes make one turn, and one more for all that come during it', async () => {
  let turns = 0;
  let gate = Promise.withResolvers<void>();
  const wake = createTurn(() => {
    turns++;
    return gate.promise;
  });
  for (let wishes = 0; wishes < 3; wishes++) wake();
  assert.equal(turns, 0);
  await settled();
  assert.equal(turns, 1);
  for (let wishes = 0; wishes < 3; wishes++) wake();
  await settled();
  assert.equal(turns, 1);
  const first = gate;
  gate = Promise.withResolvers<void>();
  first.resolve();
  await settled();
  assert.equal(turns, 2);
  gate.resolve();
  await settled();
  wake();
  await settled();
  assert.equal(turns, 3);
});
