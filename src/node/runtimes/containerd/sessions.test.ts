import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import { cannotRunContainerd, containerConfig, sandboxConfig, startTestHost } from '../testing/host.ts';

const read = async (stream: NodeJS.ReadableStream | undefined) =>
  Buffer.concat((await Array.fromAsync(stream as Readable)) as Buffer[]);

test('streams into containers of containerd', { skip: cannotRunContainerd }, async (t) => {
  const { runtime, folder } = await startTestHost(t, '10.250.1.0/24');
  const sandbox = await runtime.runPod(sandboxConfig('streams', folder));
  const server = [
    'sh',
    '-c',
    'echo -n hello > /tmp/index.html; httpd -p 8080 -h /tmp; while read line; do echo "got:$line"; done',
  ];
  const container = await runtime.createContainer(sandbox, containerConfig('main', server, { stdin: true }));
  await runtime.startContainer(container);
  const streams = { stdin: false, stdout: true, stderr: true, tty: false };

  await t.test('exec keeps output, errors and exit code apart', async () => {
    const session = await runtime.openExec(container, ['sh', '-c', 'echo out; echo err >&2; exit 3'], streams);
    const [out, error] = await Promise.all([read(session.stdout), read(session.stderr)]);
    assert.deepEqual([out.toString(), error.toString(), await session.done], ['out\n', 'err\n', 3]);
  });
  await t.test('the end of standard input reaches the program, after all of it', async () => {
    const sent = randomBytes(5 * 2 ** 20);
    const session = await runtime.openExec(container, ['cat'], { ...streams, stdin: true });
    session.stdin!.end(sent);
    assert.ok(sent.equals(await read(session.stdout)));
    assert.equal(await session.done, 0);
  });
  await t.test('a terminal has the size it was given', async () => {
    const session = await runtime.openExec(container, ['sh', '-c', 'sleep 0.3; stty size'], { ...streams, tty: true });
    session.resize(120, 40);
    assert.match((await read(session.stdout)).toString(), /40 120/);
    assert.equal(session.stderr, undefined);
  });
  await t.test('attach talks to the first process', async () => {
    const session = await runtime.openAttach(container, { ...streams, stdin: true });
    session.stdin!.write('abc\n');
    const first = await new Promise<Buffer>((resolve) => session.stdout!.once('data', resolve));
    assert.equal(first.toString(), 'got:abc\n');
    session.close();
    await assert.rejects(session.done);
  });
  await t.test('a port of the pod can be reached, a closed one says so', async () => {
    const port = await runtime.openPort(sandbox, 8080);
    port.write('GET / HTTP/1.0\r\n\r\n');
    assert.match((await read(port)).toString(), /hello$/);
    await assert.rejects(read(await runtime.openPort(sandbox, 9)), /refused|failed/);
  });
  await t.test('a program that does not exist is an error, not an exit code', async () => {
    const session = await runtime.openExec(container, ['/nothing'], streams);
    await assert.rejects(session.done, /nothing/);
  });
});
