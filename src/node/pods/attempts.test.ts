import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import { createAttempts } from './attempts.ts';
import type { Action } from './decision.ts';
import { emptyMemory } from './memory.ts';
import { testPod } from './testing/view.ts';

function start(operate: (action: Action) => Promise<void>) {
  const memory = emptyMemory(testPod());
  let over = 0;
  const clock = manualClock(1000);
  const attempt = createAttempts({ memory, operate, over: () => over++, clock, log: silentLog });
  return { memory, attempt, ended: () => over };
}
const prepare = { do: 'prepare', key: 'prepare' } as Action;
const startMain = { do: 'start', key: 'start/main' } as Action;

test('what is under way is busy until it is over, and a success forgets the failures before it', async () => {
  const gate = Promise.withResolvers<void>();
  const { memory, attempt, ended } = start(() => gate.promise);
  memory.failures.set('prepare', 3);
  memory.retryAtMs.set('prepare', 5);
  const attempted = attempt(prepare);
  assert.deepEqual([[...memory.busy], ended()], [['prepare'], 0]);
  gate.resolve();
  await attempted;
  assert.deepEqual([memory.busy.size, memory.failures.size, memory.retryAtMs.size, ended()], [0, 0, 0, 1]);
});

test('what fails is tried again, later and later; an image later than anything else', async () => {
  const { memory, attempt, ended } = start(() => Promise.reject(new Error('no')));
  const delaysOf = async (action: Action) => {
    const delays: number[] = [];
    for (let time = 0; time < 8; time++) {
      await attempt(action);
      delays.push(memory.retryAtMs.get(action.key)! - 1000);
    }
    return delays;
  };
  assert.deepEqual(await delaysOf(prepare), [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  const images = [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000];
  assert.deepEqual(await delaysOf(startMain), images);
  assert.deepEqual([memory.busy.size, ended()], [0, 16]);
});
