import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../foundation/clock.ts';
import { createTurns } from './turns.ts';

const hanging = () => new Promise<never>(() => {});
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('so many run at once, the others in their order, also after one that fails', async () => {
  const inTurn = createTurns(2, 1000, manualClock());
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const works = [0, 1, 2, 3].map((index) =>
    inTurn(() => {
      begun.push(index);
      return new Promise<void>((resolve, reject) => ends.push(index === 0 ? () => reject(new Error('no')) : resolve));
    }),
  );
  await settled();
  assert.deepEqual(begun, [0, 1]);
  ends[0]!();
  await assert.rejects(works[0]!, /no/);
  assert.deepEqual(begun, [0, 1, 2]);
  ends[1]!();
  await settled();
  assert.deepEqual(begun, [0, 1, 2, 3]);
});

test('one that hangs gives its place on in the end, once', async () => {
  const clock = manualClock();
  const inTurn = createTurns(1, 1000, clock);
  let end = () => {};
  void inTurn(() => new Promise<void>((resolve) => (end = resolve)));
  const begun: string[] = [];
  void inTurn(() => {
    begun.push('second');
    return hanging();
  });
  void inTurn(async () => void begun.push('third'));
  await settled();
  clock.advance(999);
  await settled();
  assert.deepEqual(begun, []);
  clock.advance(1);
  await settled();
  assert.deepEqual(begun, ['second']);
  end();
  await settled();
  assert.deepEqual(begun, ['second']);
});
