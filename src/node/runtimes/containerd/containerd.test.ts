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

test('a port of the host leads to the pod, and to nothing once it is gone', {
  skip: cannotRunContainerd,
}, async (t) => {
  const { runtime, folder } = await startTestHost(t, '10.250.7.0/24');
  const hostPort = 20_000 + (process.pid % 10_000);
  const portMappings = [{ protocol: 'TCP' as const, containerPort: 8080, hostPort, hostIP: '127.0.0.1' }];
  const sandbox = await runtime.runPod(sandboxConfig('exposed', folder, { portMappings }));
  const serve = ['sh', '-c', 'echo -n hello > /tmp/index.html; httpd -f -p 8080 -h /tmp'];
  const container = await runtime.createContainer(sandbox, containerConfig('main', serve));
  await runtime.startContainer(container);
  const ask = () => fetch(`http://127.0.0.1:${hostPort}/`).then((answer) => answer.text());
  let answer = '';
  for (let attempt = 0; attempt < 50 && answer === ''; attempt += 1)
    answer = await ask().catch(() => new Promise((resolve) => setTimeout(resolve, 100, '')));
  assert.equal(answer, 'hello');
  await runtime.removePod(sandbox);
  await assert.rejects(ask());
});
