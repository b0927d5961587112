import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { manualClock, systemClock } from '../../../foundation/clock.ts';
import { testImageReference } from './busybox.ts';
import { checkRuntime } from './conformance.ts';
import { containerConfig, sandboxConfig } from './host.ts';
import { createSimulatedRuntime } from './simulated.ts';

test('the simulated runtime keeps the contract', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-simulated-'));
  t.after(() => rmSync(folder, { recursive: true }));
  let last = 1;
  const nextAddress = () => `10.244.0.${++last}`;
  const runtime = createSimulatedRuntime({ clock: systemClock, nextAddress, writeLogs: true });
  await runtime.images.pull(testImageReference, undefined);
  // Its timers keep no process alive, and this test has nothing else that does.
  const alive = setInterval(() => {}, 1000);
  t.after(() => clearInterval(alive));
  await checkRuntime(t, { runtime, folder });
});

test('a container ends when its time has come, not earlier', async () => {
  const clock = manualClock();
  const runtime = createSimulatedRuntime({ clock, nextAddress: () => '10.244.0.2', writeLogs: false });
  await runtime.images.pull(testImageReference, undefined);
  const sandbox = await runtime.runPod(sandboxConfig('timed', '/nowhere'));
  const container = await runtime.createContainer(sandbox, containerConfig('main', ['sleep', '60']));
  await runtime.startContainer(container);
  clock.advance(59_999);
  assert.equal((await runtime.containerStatus(container))?.state, 'running');
  clock.advance(1);
  assert.deepEqual([(await runtime.containerStatus(container))?.state], ['exited']);
});
