import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection } from './connection.ts';
import { createPulse } from './pulse.ts';

const ask = async (pulse: { isLost(): boolean }, times: number) => {
  for (let count = 0; count < times; count++) {
    pulse.isLost();
    await new Promise(setImmediate);
  }
  return pulse.isLost();
};

test('a runtime is lost when it fails to answer twelve times in a row, and no answer in between', async () => {
  let answers = false;
  const call = async () => {
    if (!answers) throw new Error('deadline exceeded');
    return {};
  };
  const pulse = createPulse({ call } as unknown as Connection, 0);
  assert.equal(await ask(pulse, 11), false);
  answers = true;
  await ask(pulse, 2);
  answers = false;
  assert.equal(await ask(pulse, 11), false);
  assert.equal(await ask(pulse, 2), true);
  pulse.forget();
  assert.equal(pulse.isLost(), false);
});
