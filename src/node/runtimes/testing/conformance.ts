import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import type { Container, ContainerConfig, Runtime } from '../runtime.ts';
import { ExecTimeout } from '../runtime.ts';
import { containerConfig, sandboxConfig } from './host.ts';

/** Every promise of the Runtime contract that both implementations can keep; run it in a test of each. */
export async function checkRuntime(
  t: TestContext,
  { runtime, folder }: { runtime: Runtime; folder: string },
): Promise<void> {
  let serial = 0;
  const startPod = async (command: string[], changes: Partial<ContainerConfig> = {}) => {
    serial += 1;
    const sandbox = await runtime.runPod(sandboxConfig(`pod${serial}`, folder));
    const container = await runtime.createContainer(sandbox, containerConfig('main', command, changes));
    await runtime.startContainer(container);
    return { sandbox, container };
  };
  const noStreams = { stdin: false, stdout: true, stderr: true, tty: false };

  await t.test('says what it is, and that it is ready', async () => {
    assert.match((await runtime.version()).version, /^\d+\.\d+/);
    assert.deepEqual(await runtime.status(), { ready: true, networkReady: true, message: '' });
  });
  await t.test('a pod is listed as it was asked for, whole or alone', async () => {
    const id = await runtime.runPod(sandboxConfig('listed', folder, { labels: { app: 'a' }, annotations: { b: 'c' } }));
    const [pod] = await runtime.listPods(id);
    assert.deepEqual([pod!.name, pod!.namespace, pod!.uid, pod!.ready], ['listed', 'default', 'uid-listed', true]);
    assert.deepEqual([pod!.labels, pod!.annotations, pod!.containers], [{ app: 'a' }, { b: 'c' }, []]);
    assert.equal(pod!.ips.length, 1);
    assert.deepEqual(
      (await runtime.listPods()).find((other) => other.id === id),
      pod,
    );
    assert.deepEqual(await runtime.listPods('f'.repeat(64)), []);
    await runtime.removePod(id);
  });
  await t.test('an exit is told with its code, reason and output', async () => {
    const seen = watched(runtime);
    const { container, sandbox } = await startPod(['sh', '-c', 'echo hello; exit 7']);
    const ended = await seen.until(container, (status) => status.state === 'exited');
    assert.deepEqual([ended.exitCode, ended.reason, ended.sandboxId], [7, 'Error', sandbox]);
    assert.ok(ended.startedAtMs >= ended.createdAtMs && ended.finishedAtMs > 0);
    assert.match(readFileSync(ended.logPath, 'utf8'), /^\S+ stdout F hello\n$/);
    seen.stop();
    await runtime.removePod(sandbox);
  });
  await t.test('stopping and removing can be repeated, also for what is not there', async () => {
    const { container, sandbox } = await startPod(['sleep', '1000']);
    await runtime.stopContainer(container, 0);
    await runtime.stopContainer(container, 0);
    assert.equal((await runtime.containerStatus(container))?.state, 'exited');
    await runtime.removeContainer(container);
    await runtime.removeContainer(container);
    assert.equal(await runtime.containerStatus(container), undefined);
    await runtime.stopPod(sandbox);
    await runtime.stopPod(sandbox);
    assert.equal((await runtime.listPods(sandbox))[0]!.ready, false);
    await runtime.removePod(sandbox);
    await runtime.removePod(sandbox);
    assert.deepEqual(await runtime.listPods(sandbox), []);
  });
  await t.test('stopping a pod ends its containers', async () => {
    const { container, sandbox } = await startPod(['sleep', '1000']);
    await runtime.stopPod(sandbox);
    assert.equal((await runtime.containerStatus(container))?.state, 'exited');
    await runtime.removePod(sandbox);
    assert.equal(await runtime.containerStatus(container), undefined);
  });
  await t.test('exec gives code and output, and ends in time', async () => {
    const { container, sandbox } = await startPod(['sleep', '1000']);
    assert.deepEqual(await runtime.exec(container, ['sh', '-c', 'echo hi; exit 3'], 10_000), {
      exitCode: 3,
      output: 'hi\n',
    });
    await assert.rejects(runtime.exec(container, ['sleep', '30'], 200), ExecTimeout);
    const session = await runtime.openExec(container, ['cat'], { ...noStreams, stdin: true });
    session.stdin!.end('through');
    assert.equal(Buffer.concat((await Array.fromAsync(session.stdout as Readable)) as Buffer[]).toString(), 'through');
    assert.equal(await session.done, 0);
    await runtime.removePod(sandbox);
  });
  await t.test('a container needs its image, and its sandbox', async () => {
    const sandbox = await runtime.runPod(sandboxConfig('needs', folder));
    const missing = containerConfig('main', ['true'], { image: 'rempart.local/not-there:1' });
    await assert.rejects(runtime.createContainer(sandbox, missing));
    await runtime.removePod(sandbox);
    await assert.rejects(runtime.createContainer(sandbox, containerConfig('main', ['true'])));
  });
  await t.test('images are found by name and by id; what is used is counted', async () => {
    const image = await runtime.images.status(containerConfig('main', []).image);
    assert.deepEqual(await runtime.images.status(image!.id), image);
    assert.ok((await runtime.images.list()).some(({ id }) => id === image!.id));
    assert.equal(await runtime.images.status('rempart.local/not-there:1'), undefined);
    await runtime.images.remove('rempart.local/not-there:1');
    const { capacityBytes, availableBytes } = await runtime.images.usage();
    assert.ok(capacityBytes >= availableBytes && availableBytes > 0);
  });
  await t.test('a running container has statistics, with its pod', async () => {
    const { container, sandbox } = await startPod(['sleep', '1000']);
    const stats = (await runtime.stats()).find(({ containerId }) => containerId === container)!;
    assert.equal(stats.sandboxId, sandbox);
    assert.ok(stats.cpuNanoseconds >= 0 && stats.memoryUsageBytes > 0 && stats.timestampMs > 0);
    assert.ok((await runtime.writableBytes(container)) >= 0);
    assert.equal(await runtime.writableBytes('f'.repeat(64)), 0);
    await runtime.updateResources(container, {
      ...containerConfig('main', []).resources,
      memoryLimitBytes: 64 * 2 ** 20,
    });
    await runtime.removePod(sandbox);
  });
}

/** Waits for states by the runtime's own notices, never by asking again and again. */
function watched(runtime: Runtime) {
  const waiting = new Set<() => void>();
  const stop = runtime.watch(() => {
    for (const look of waiting) look();
  });
  const until = (id: string, is: (status: Container) => boolean) =>
    new Promise<Container>((resolve, reject) => {
      const look = () =>
        runtime.containerStatus(id).then((status) => {
          if (!status || !is(status)) return;
          waiting.delete(look);
          resolve(status);
        }, reject);
      waiting.add(look);
      look();
    });
  return { stop, until };
}
