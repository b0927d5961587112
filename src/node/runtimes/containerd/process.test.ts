import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '../../../foundation/log.ts';
import { cannotRunContainerd, containerConfig, sandboxConfig, startTestHost } from '../testing/host.ts';
import { createContainerdRuntime } from './containerd.ts';
import { startContainerd } from './process.ts';

const until = async (holds: () => boolean | Promise<boolean>) => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
};

test('containerd dies, containers go on', { skip: cannotRunContainerd }, async (t) => {
  const { runtime, containerd, folder, paths } = await startTestHost(t, '10.250.4.0/24');
  const config = sandboxConfig('steady', folder);
  const sandbox = await runtime.runPod(config);
  const counting = ['sh', '-c', 'while true; do echo tick; sleep 0.1; done'];
  const container = await runtime.createContainer(sandbox, containerConfig('main', counting));
  await runtime.startContainer(container);
  const log = join(config.logDirectory, 'main.log');
  const changes: { containerId?: string; sandboxId?: string }[] = [];
  t.after(runtime.watch((change) => changes.push(change)));
  await until(() => changes.length > 0);

  await t.test('it is started again, and the container was never interrupted', async () => {
    const killed = containerd.pid();
    changes.length = 0;
    process.kill(killed, 'SIGKILL');
    await until(() => containerd.pid() !== killed);
    await until(() =>
      runtime.listPods().then(
        (pods) => pods[0]?.containers[0]?.state === 'running',
        () => false,
      ),
    );
    const seen = readFileSync(log).length;
    await until(() => readFileSync(log).length > seen);
    // One notice without an id: anything may have changed.
    await until(() => changes.some((change) => change.containerId === undefined && change.sandboxId === undefined));
  });
  await t.test('one that hangs is killed and started again, too', async () => {
    containerd.release();
    const impatient = await startContainerd({ ...paths, askEveryMs: 50 });
    const hanging = impatient.pid();
    process.kill(hanging, 'SIGSTOP');
    await until(() => impatient.pid() !== hanging);
    assert.ok(!existsSync(`/proc/${hanging}`));
    changes.length = 0;
    await until(() => changes.some((change) => change.containerId === undefined && change.sandboxId === undefined));
    impatient.release();
  });
  await t.test('events are told again afterwards', async () => {
    await runtime.stopContainer(container, 0);
    await until(() => changes.some(({ containerId }) => containerId === container));
  });
  await t.test('the next agent adopts it with its pods', async () => {
    const running = Number(readFileSync(join(paths.state, 'containerd.pid'), 'utf8'));
    const again = await startContainerd(paths);
    assert.equal(again.pid(), running);
    const other = createContainerdRuntime({ socket: paths.socket, log: silentLog });
    const [pod] = await other.listPods();
    assert.equal(pod!.name, 'steady');
    const added = await other.createContainer(pod!.id, containerConfig('added', ['true']));
    assert.equal((await other.containerStatus(added))!.logPath, join(config.logDirectory, 'added.log'));
    await other.close();
    again.release();
  });
  await t.test('a containerd with another configuration is replaced, its pods stay', async () => {
    const before = Number(readFileSync(join(paths.state, 'containerd.pid'), 'utf8'));
    const changed = await startContainerd({ ...paths, cniBinDirs: ['/usr/lib/cni/'] });
    assert.notEqual(changed.pid(), before);
    assert.ok(!existsSync(`/proc/${before}`));
    assert.equal((await runtime.listPods()).length, 1);
    await runtime.removePod(sandbox);
    await changed.stop();
  });
});
