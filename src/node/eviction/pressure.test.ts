import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testPod } from '../pods/testing/view.ts';
import { createPressureMemory, crossed, pressureRefusal } from './pressure.ts';
import { calm } from './testing/machine.ts';

const none = { memory: false, disk: false, processes: false };

test('thresholds are the hard ones of the kubelet', () => {
  assert.deepEqual(crossed(calm), none);
  assert.equal(crossed({ ...calm, memoryAvailableBytes: 99 * 2 ** 20 }).memory, true);
  assert.equal(crossed({ ...calm, diskAvailableBytes: 9 * 2 ** 30 }).disk, true);
  assert.equal(crossed({ ...calm, inodesFreeRatio: 0.04 }).disk, true);
  assert.equal(crossed({ ...calm, processesFreeRatio: 0.05 }).processes, true);
});

test('a pressure is held for a minute after it has gone', () => {
  const remember = createPressureMemory();
  assert.equal(remember({ ...none, memory: true }, 0).memory, true);
  assert.equal(remember(none, 59_000).memory, true);
  assert.equal(remember(none, 61_000).memory, false);
});

test('under memory pressure only pods without any promise are turned away', () => {
  const under = { ...none, memory: true };
  const asks = { containers: [{ name: 'main', image: 'i', resources: { requests: { memory: '1Gi' } } }] };
  const critical = testPod({ priority: 2_000_001_000 });
  assert.match(pressureRefusal(testPod(), under)!, /MemoryPressure/);
  assert.equal(pressureRefusal(testPod(asks), under), undefined);
  assert.match(pressureRefusal(testPod(asks), { ...none, disk: true })!, /DiskPressure/);
  assert.equal(pressureRefusal(critical, { ...none, disk: true }), undefined);
});
