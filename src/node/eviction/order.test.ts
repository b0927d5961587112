import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testPod } from '../pods/testing/view.ts';
import { evictionOrder } from './order.ts';

const gibibyte = 2 ** 30;
type Use = { memory?: number; disk?: number; requests?: object; priority?: number };

function candidate(name: string, { memory = 0, disk = 0, requests = {}, priority = 0 }: Use) {
  const containers = [{ name: 'main', image: 'i', resources: { requests } }];
  const pod = testPod({ containers, priority }, { name });
  return { pod, workingSetBytes: memory * gibibyte, diskBytes: disk * gibibyte, processes: 1 };
}
const namesOf = (list: ReturnType<typeof evictionOrder>) => list.map(({ pod }) => pod.metadata.name);

test('who uses more than it asked for goes first, then the lower priority, then the larger excess', () => {
  const candidates = [
    candidate('within', { memory: 1, requests: { memory: '2Gi' } }),
    candidate('little', { memory: 1 }),
    candidate('much', { memory: 2 }),
    candidate('important', { memory: 3, priority: 1000 }),
    candidate('critical', { memory: 9, priority: 2_000_000_000 }),
  ];
  assert.deepEqual(namesOf(evictionOrder(candidates, 'memory')), ['much', 'little', 'important', 'within']);
});

test('on a full disk it is what each has on it that counts', () => {
  const candidates = [
    candidate('promised', { memory: 9, disk: 5, requests: { 'ephemeral-storage': '6Gi' } }),
    candidate('little', { memory: 9, disk: 1 }),
    candidate('much', { disk: 3 }),
    candidate('beyond', { disk: 8, requests: { 'ephemeral-storage': '6Gi' } }),
  ];
  assert.deepEqual(namesOf(evictionOrder(candidates, 'disk')), ['much', 'beyond', 'little', 'promised']);
});
