import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../foundation/clock.ts';
import { noCgroups } from './cgroups.ts';
import { testContainer, testPod } from './pods/testing/view.ts';
import type { Runtime } from './runtimes/runtime.ts';
import { createStats } from './stats.ts';

test('rates come from two readings, sums from the containers, and the text is Prometheus’', async () => {
  const clock = manualClock(1_000_000);
  const pod = testPod();
  const containers = [testContainer(pod, 'main')];
  let cpuNanoseconds = 1e9;
  const runtime = {
    stats: async () => [
      {
        ...{
          containerId: 'main-0',
          sandboxId: '',
          cpuNanoseconds,
          memoryWorkingSetBytes: 1000,
          memoryUsageBytes: 2000,
        },
        timestampMs: clock.now(),
      },
    ],
  } as unknown as Runtime;
  const options = {
    nodeName: 'node-1',
    clock,
    runtime,
    cgroups: noCgroups,
    dataDirectory: '/',
    running: () => [{ pod, containers }],
  };
  const stats = createStats(options);
  const first = stats.podStats();
  // The first answer waits for a second reading.
  await new Promise((resolve) => setImmediate(resolve));
  cpuNanoseconds += 250e6;
  clock.advance(500);
  assert.equal((await first)[0]!.containers[0]!.usage.cpuNanocores, 500e6);
  cpuNanoseconds += 1e9;
  clock.advance(10_000);
  const { usage } = (await stats.podStats())[0]!;
  assert.equal(usage.workingSetBytes, 1000);
  assert.ok(usage.cpuNanocores > 0 && usage.cpuNanocores < 500e6);
  const summary = (await stats.summary()) as { pods: { podRef: { name: string } }[] };
  assert.equal(summary.pods[0]!.podRef.name, 'web');
  assert.match(
    await stats.resourceMetrics(),
    /^container_memory_working_set_bytes\{container="main",namespace="shop",pod="web"\} 1000 \d+$/m,
  );
});
