import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import { keepRestored } from './restoring.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('tables are looked for every half minute, also after a failure, until it is ended', async () => {
  const clock = manualClock();
  let looks = 0;
  let answer = Promise.withResolvers<void>();
  const restore = () => {
    looks += 1;
    return answer.promise;
  };
  const end = keepRestored(restore, { clock, log: silentLog });
  clock.advance(30_000);
  assert.equal(looks, 1);
  answer.reject(new Error('nft is away'));
  await settled();
  answer = Promise.withResolvers();
  clock.advance(30_000);
  assert.equal(looks, 2);
  // In the middle of a look.
  end();
  answer.resolve();
  await settled();
  clock.advance(60_000);
  assert.equal(looks, 2);
});
