import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cannotRunContainerd, containerConfig, sandboxConfig, startTestHost } from '../testing/host.ts';

test('a pod runs in a containerd of our own, and leaves nothing behind', { skip: cannotRunContainerd }, async (t) => {
  const { runtime, folder } = await startTestHost(t);
  const config = sandboxConfig('web', folder);
  const sandbox = await runtime.runPod(config);
  const container = await runtime.createContainer(sandbox, containerConfig('main', ['sh', '-c', 'echo hello; exit 7']));
  const exited = new Promise<void>((resolve) => {
    const stop = runtime.watch(async () => {
      if ((await runtime.containerStatus(container))?.state !== 'exited') return;
      stop();
      resolve();
    });
  });
  await runtime.startContainer(container);
  await exited;
  const [pod] = await runtime.listPods();
  assert.equal(pod!.containers[0]!.exitCode, 7);
  assert.match(readFileSync(join(config.logDirectory, 'main.log'), 'utf8'), /stdout F hello\n$/);
  await runtime.stopPod(sandbox);
  await runtime.removePod(sandbox);
  assert.deepEqual(await runtime.listPods(), []);
  assert.ok(existsSync(folder));
});
