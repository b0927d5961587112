import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPressureMemory, crossed, evictionOrder, pressureRefusal, relieve } from './eviction.ts';
import { testPod } from './pods/testing/view.ts';

const gibibyte = 2 ** 30;
const calm = {
  ...{ memoryAvailableBytes: 4 * gibibyte, diskAvailableBytes: 50 * gibibyte, diskBytes: 100 * gibibyte },
  ...{ inodesFreeRatio: 0.9, processesFreeRatio: 0.9 },
};
const none = { memory: false, disk: false, processes: false };

const candidate = (name: string, workingSetBytes: number, spec: object = {}, request?: string) => {
  const resources = request ? { requests: { memory: request } } : {};
  const pod = testPod({ containers: [{ name: 'main', image: 'i', resources }], ...spec }, { name });
  return { pod, workingSetBytes, processes: 1 };
};
const names = (list: { pod: { metadata: { name: string } } }[]) => list.map(({ pod }) => pod.metadata.name);

test('thresholds are the hard ones of the kubelet', () => {
  assert.deepEqual(crossed(calm), none);
  assert.equal(crossed({ ...calm, memoryAvailableBytes: 99 * 2 ** 20 }).memory, true);
  assert.equal(crossed({ ...calm, diskAvailableBytes: 9 * gibibyte }).disk, true);
  assert.equal(crossed({ ...calm, inodesFreeRatio: 0.04 }).disk, true);
  assert.equal(crossed({ ...calm, processesFreeRatio: 0.05 }).processes, true);
});

test('a pressure is held for a minute after it has gone', () => {
  const remember = createPressureMemory();
  assert.equal(remember({ ...none, memory: true }, 0).memory, true);
  assert.equal(remember(none, 59_000).memory, true);
  assert.equal(remember(none, 61_000).memory, false);
});

test('who uses more than it asked for goes first, then the lower priority, then the larger excess', () => {
  const order = evictionOrder(
    [
      candidate('within', gibibyte, {}, '2Gi'),
      candidate('little', gibibyte),
      candidate('much', 2 * gibibyte),
      candidate('important', 3 * gibibyte, { priority: 1000 }),
      candidate('critical', 9 * gibibyte, { priority: 2_000_000_000 }),
    ],
    'memory',
  );
  assert.deepEqual(names(order), ['much', 'little', 'important', 'within']);
});

test('on a full disk unused images go before any pod', async () => {
  const evicted: string[] = [];
  const options = {
    candidates: async () => [candidate('one', 1)],
    evict: (pod: { metadata: { name: string } }) => void evicted.push(pod.metadata.name),
  };
  await relieve({ ...none, disk: true }, { ...options, freeImages: async () => true });
  assert.deepEqual(evicted, []);
  await relieve({ ...none, disk: true }, { ...options, freeImages: async () => false });
  assert.deepEqual(evicted, ['one']);
});

test('under memory pressure only pods without any promise are turned away', () => {
  const under = { ...none, memory: true };
  assert.match(pressureRefusal(candidate('none', 0).pod, under)!, /MemoryPressure/);
  assert.equal(pressureRefusal(candidate('asks', 0, {}, '1Gi').pod, under), undefined);
  assert.equal(
    pressureRefusal(candidate('critical', 0, { priority: 2_000_001_000 }).pod, { ...none, disk: true }),
    undefined,
  );
});
