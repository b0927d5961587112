import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oncePerTurn } from './turn.ts';

const turnIsOver = () => new Promise((resolve) => setImmediate(resolve));

test('what comes in one turn is begun together, in order, and the next turn has its own', async () => {
  const begun: number[] = [];
  const come = oncePerTurn((item: number) => begun.push(item));
  for (const item of [1, 2, 3]) come(item);
  assert.deepEqual(begun, []);
  await turnIsOver();
  assert.deepEqual(begun, [1, 2, 3]);
  come(4);
  await turnIsOver();
  assert.deepEqual(begun, [1, 2, 3, 4]);
});

test('more than may wait do not', async () => {
  const begun: number[] = [];
  const come = oncePerTurn((item: number) => begun.push(item));
  for (let item = 0; item < 100; item++) come(item);
  assert.equal(begun.length, 64);
  await turnIsOver();
  assert.deepEqual(
    begun,
    Array.from({ length: 100 }, (_, item) => item),
  );
});

test('what a request begins itself waits for the next turn', async () => {
  const begun: number[] = [];
  const come = oncePerTurn((item: number) => {
    begun.push(item);
    if (item < 2) come(item + 1);
  });
  come(0);
  await turnIsOver();
  assert.deepEqual(begun, [0]);
  await turnIsOver();
  await turnIsOver();
  assert.deepEqual(begun, [0, 1, 2]);
});
