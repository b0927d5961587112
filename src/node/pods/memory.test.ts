import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyMemory, forgetContainers, mergedStop, refreshAtMs, type StopOrder } from './memory.ts';
import { testContainer, testPod } from './testing/view.ts';

test('of two orders to stop the sooner end counts, and deletion and failure stay said', () => {
  const order = (graceSeconds: number, sinceMs: number, more: Partial<StopOrder> = {}): StopOrder => ({
    ...{ graceSeconds, sinceMs, deleted: false, phase: undefined, reason: undefined, message: undefined },
    ...more,
  });
  assert.deepEqual(mergedStop(undefined, order(30, 0)), order(30, 0));
  assert.deepEqual(mergedStop(order(30, 0), order(5, 1000, { deleted: true })), order(5, 1000, { deleted: true }));
  assert.deepEqual(mergedStop(order(5, 0, { deleted: true }), order(30, 0)), order(5, 0, { deleted: true }));
  const evicted = { phase: 'Failed', reason: 'Evicted', message: 'no room' } as const;
  assert.deepEqual(mergedStop(order(9, 0, evicted), order(5, 0, { deleted: true })), {
    ...order(5, 0, { deleted: true }),
    ...evicted,
  });
  assert.equal(mergedStop(order(9, 0), order(9, 0, evicted)).reason, 'Evicted');
});

test('containers that are gone are forgotten, the others not', () => {
  const pod = testPod();
  const memory = emptyMemory(pod);
  for (const id of ['main-0', 'gone-0']) {
    memory.messages.set(id, 'bye');
    memory.resized.set(id, '{}');
  }
  forgetContainers(memory, [testContainer(pod, 'main')]);
  assert.deepEqual([[...memory.messages.keys()], [...memory.resized.keys()]], [['main-0'], ['main-0']]);
});

test('the first of all volumes that must be renewed says when', () => {
  const volume = (refreshAtMs?: number) => ({
    hostPath: '/v',
    readOnly: true,
    ...(refreshAtMs ? { refreshAtMs } : {}),
  });
  const at = (...times: (number | undefined)[]) =>
    refreshAtMs({ volumes: new Map(times.map((time, index) => [`${index}`, volume(time)])) });
  assert.equal(at(), undefined);
  assert.equal(at(undefined), undefined);
  assert.equal(at(9, undefined, 5), 5);
  assert.equal(refreshAtMs({ volumes: undefined }), undefined);
});
