import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../foundation/clock.ts';
import { testContainer, testPod } from '../pods/testing/view.ts';
import { createStats } from './stats.ts';

test('the first answer waits for a second reading: a rate needs two', async () => {
  const clock = manualClock(1_000_000);
  const pod = testPod();
  const disk = { bytes: 4096, atMs: 1_000_000 };
  let cpuNanoseconds = 1e9;
  const reading = () => ({ cpuNanoseconds, workingSetBytes: 1000, memoryBytes: 2000, atMs: clock.now() });
  const reader = {
    node: reading,
    pods: async () => [
      { pod, reading: reading(), containers: [{ container: testContainer(pod, 'main'), reading: reading() }] },
    ],
  };
  const stats = createStats({ nodeName: 'node-1', clock, reader, dataDirectory: '/', stored: () => disk });
  const answer = stats.summary() as Promise<any>;
  await new Promise((resolve) => setImmediate(resolve));
  cpuNanoseconds += 250e6;
  clock.advance(500);
  const { node, pods } = await answer;
  assert.equal(node.nodeName, 'node-1');
  assert.equal(node.cpu.usageNanoCores, 500e6);
  assert.ok(node.fs.capacityBytes > node.fs.availableBytes);
  assert.equal(pods[0].podRef.name, 'web');
  assert.equal(pods[0].containers[0].cpu.usageNanoCores, 500e6);
  assert.deepEqual([pods[0].memory.workingSetBytes, pods[0].memory.usageBytes], [1000, 2000]);
  const { usedBytes, time, capacityBytes } = pods[0]['ephemeral-storage'];
  assert.deepEqual([usedBytes, time, capacityBytes], [4096, '1970-01-01T00:16:40.000Z', node.fs.capacityBytes]);
});
