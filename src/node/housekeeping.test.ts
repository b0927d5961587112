import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../foundation/clock.ts';
import { silentLog } from '../foundation/log.ts';
import { createHousekeeping } from './housekeeping.ts';
import { createTestRuntime } from './testing/runtime.ts';

test('images are freed once it has started, logs are looked at every ten seconds, and nothing after it was stopped', async () => {
  const clock = manualClock();
  let looks = 0;
  const housekeeping = createHousekeeping({
    ...{ nodeName: 'node-1', runtime: createTestRuntime(), localPathRoot: '/none', clock, log: silentLog },
    running: {
      async containers() {
        looks++;
        return [];
      },
      mounts: () => false,
    },
  });
  assert.equal(await housekeeping.freeImages(), false);
  housekeeping.start();
  assert.equal(await housekeeping.freeImages(), true);
  clock.advance(10_000);
  assert.equal(looks, 1);
  await new Promise((resolve) => setImmediate(resolve));
  housekeeping.stop();
  clock.advance(60_000);
  assert.equal(looks, 1);
});
