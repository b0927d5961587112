import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { manualClock } from './clock.ts';
import { repeat } from './repeat.ts';

test('rounds follow each other after the pause that each says, and never overlap', async () => {
  const clock = manualClock();
  const begun: number[] = [];
  const rounds: PromiseWithResolvers<number>[] = [];
  const end = repeat(clock, () => {
    begun.push(clock.now());
    const round = Promise.withResolvers<number>();
    rounds.push(round);
    return round.promise;
  });
  clock.advance(100);
  assert.deepEqual(begun, [0]);
  rounds[0]!.resolve(10);
  await turn();
  clock.advance(9);
  assert.deepEqual(begun, [0]);
  clock.advance(1);
  assert.deepEqual(begun, [0, 110]);
  end();
  rounds[1]!.resolve(10);
  await turn();
  clock.advance(100);
  assert.deepEqual(begun, [0, 110], 'one that was under way when it was ended is the last');
});

test('the first round can wait, and be ended before it begins', () => {
  const clock = manualClock();
  const end = repeat(clock, () => assert.fail('it was ended'), 5);
  clock.advance(4);
  end();
  clock.advance(10);
});
