import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRuntime } from '../testing/conformance.ts';
import { cannotRunContainerd, containerConfig, sandboxConfig, startTestHost } from '../testing/host.ts';

test('containerd keeps the contract', { skip: cannotRunContainerd }, async (t) => {
  await checkRuntime(t, await startTestHost(t));
});

test('forty commands at once in one pod all end', { skip: cannotRunContainerd }, async (t) => {
  const { runtime, folder } = await startTestHost(t, '10.250.6.0/24');
  const sandbox = await runtime.runPod(sandboxConfig('busy', folder));
  const container = await runtime.createContainer(sandbox, containerConfig('main', ['sleep', '1000']));
  await runtime.startContainer(container);
  const commands = Array.from({ length: 40 }, (_, index) =>
    runtime.exec(container, ['sh', '-c', `exit ${index}`], 30_000),
  );
  const codes = (await Promise.all(commands)).map(({ exitCode }) => exitCode);
  assert.deepEqual(
    codes,
    Array.from({ length: 40 }, (_, index) => index),
  );
});
