import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../foundation/clock.ts';
import { noCgroups } from '../cgroups.ts';
import { testContainer, testPod } from '../pods/testing/view.ts';
import { createReader, type ReaderOptions } from './read.ts';

const pod = testPod({ containers: [{ name: 'main' }, { name: 'side' }] });
const containers = [testContainer(pod, 'main'), testContainer(pod, 'side')];
const said = (containerId: string) => ({
  ...{ containerId, sandboxId: '', cpuNanoseconds: 5, memoryWorkingSetBytes: 1000, memoryUsageBytes: 2000 },
  timestampMs: 7,
});

function readerOf(cgroups: ReaderOptions['cgroups'], present = containers) {
  const runtime = { stats: async () => containers.map(({ id }) => said(id)) };
  const [clock, running] = [manualClock(9), () => [{ pod, containers: present }]];
  return createReader({ clock, runtime, cgroups, running, memoryAvailableBytes: () => 4096 });
}

test('a runtime without cgroups says what containers use, and a pod uses that together', async () => {
  const [read] = await readerOf(noCgroups).pods();
  const one = { cpuNanoseconds: 5, workingSetBytes: 1000, memoryBytes: 2000, atMs: 7 };
  assert.deepEqual(
    read!.containers.map(({ reading }) => reading),
    [one, one],
  );
  assert.deepEqual(read!.reading, { cpuNanoseconds: 10, workingSetBytes: 2000, memoryBytes: 4000, atMs: 9 });
});

test('the kernel is asked first, of the pod as a whole too', async () => {
  const usage = async (_: unknown, id?: string) =>
    id === containers[1]!.id
      ? undefined
      : { cpuNanoseconds: id ? 1 : 50, workingSetBytes: 2, memoryBytes: 3, processes: 1 };
  const [read] = await readerOf({ usage }).pods();
  assert.deepEqual(
    read!.containers.map(({ reading }) => reading.cpuNanoseconds),
    [1, 5],
  );
  assert.deepEqual(read!.reading, { cpuNanoseconds: 50, workingSetBytes: 2, memoryBytes: 3, atMs: 9 });
});

test('a pod between two containers is told as long as it has a cgroup; one that has ended is not', async () => {
  const usage = async () => ({ cpuNanoseconds: 50, workingSetBytes: 2, memoryBytes: 3, processes: 1 });
  assert.equal((await readerOf({ usage }, []).pods())[0]!.reading.cpuNanoseconds, 50);
  assert.deepEqual(await readerOf(noCgroups, []).pods(), []);
});

test('of the node it is the memory that is not available', () => {
  const { workingSetBytes, memoryBytes, cpuNanoseconds } = readerOf(noCgroups).node();
  assert.equal(memoryBytes - workingSetBytes, 4096);
  assert.ok(cpuNanoseconds > 0);
});
