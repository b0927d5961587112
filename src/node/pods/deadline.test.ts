import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deadlineMs, deadlineStop } from './deadline.ts';
import { nowMs, testPod, testView } from './testing/view.ts';
import type { PodView } from './view.ts';

const startTime = new Date(nowMs - 10_000).toISOString();
const view = (seconds: number | undefined, changes: Partial<PodView> = {}) =>
  testView(testPod({ activeDeadlineSeconds: seconds, terminationGracePeriodSeconds: 7 }), [], {
    remembered: { startTime },
    ...changes,
  });

test('a pod past its deadline is stopped as failed, with its own grace period', () => {
  assert.equal(deadlineMs(view(10)), nowMs);
  const { reason, phase, graceSeconds, deleted } = deadlineStop(view(10))!;
  assert.deepEqual([reason, phase, graceSeconds, deleted], ['DeadlineExceeded', 'Failed', 7, false]);
});

test('before it, without one, once it has ended or is stopped anyway, it is left alone', () => {
  const stop = { graceSeconds: 1, sinceMs: nowMs, deleted: true };
  for (const other of [
    view(11),
    view(undefined),
    view(10, { remembered: { startTime, phase: 'Succeeded' } }),
    view(10, { stop }),
  ])
    assert.equal(deadlineStop(other), undefined);
});
