import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import { testPod } from './testing/view.ts';
import { createWorker } from './worker.ts';

const never = () => new Promise<never>(() => {});

test('a deadline that is further away than a timer reaches is slept for in parts', async () => {
  const delays: number[] = [];
  const after = (delayMs: number) => {
    delays.push(delayMs);
    return () => {};
  };
  const clock = { ...manualClock(), after };
  const context = {
    ...{ clock, log: silentLog, hostIP: '', podsDirectory: '' },
    observed: { ofPod: () => [] },
    statuses: { latest: () => undefined, set() {} },
    prober: { results: () => new Map(), sync() {}, forget() {} },
    sources: { follow() {} },
    cgroups: { create: never },
  };
  const worker = createWorker(testPod({ activeDeadlineSeconds: 2 ** 31 - 1 }), context as never, () => {});
  worker.wake();
  while (delays.length === 0) await new Promise((resolve) => setImmediate(resolve));
  worker.dispose();
  assert.deepEqual(delays, [2 ** 31 - 1]);
});
