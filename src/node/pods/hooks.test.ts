import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { manualClock, systemClock } from '../../foundation/clock.ts';
import { runHook } from './hooks.ts';

const target = (clock = manualClock(), exec: () => Promise<unknown> = async () => ({ exitCode: 0, output: '' })) => ({
  ...{ clock, containerId: 'id', spec: { name: 'main' }, podIP: '127.0.0.1' },
  runtime: { exec } as never,
});

test('a command that waits for its place for ever holds a pod no longer than its time', async () => {
  const clock = manualClock();
  const hook = runHook(
    { exec: { command: ['x'] } },
    target(clock, () => new Promise(() => {})),
    30_000,
  );
  const ended = assert.rejects(hook, /the hook did not end within 30 s/);
  clock.advance(30_000);
  await ended;
});

test('a command that fails says with what', async () => {
  const failing = target(manualClock(), async () => ({ exitCode: 3, output: 'no' }));
  await assert.rejects(runHook({ exec: { command: ['x'] } }, failing, 1000), /command ended with 3: no/);
});

test('a sleep as long as there is time is no failure', async () => {
  const clock = manualClock();
  const hook = runHook({ sleep: { seconds: 30 } }, target(clock), 30_000);
  clock.advance(30_000);
  await hook;
});

test('a pod that may take a year to end has its hook run, too', async () => {
  const exec = () => new Promise((resolve) => setTimeout(resolve, 50, { exitCode: 0, output: '' }));
  await runHook({ exec: { command: ['x'] } }, target(systemClock as never, exec), 365 * 24 * 3_600_000);
});

async function listen(t: TestContext, serve: (socket: Socket) => void): Promise<number> {
  const server = createServer(serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('a server that goes on and on before it answers is left when the time is over', async (t) => {
  let left = () => {};
  const closed = new Promise<void>((resolve) => (left = resolve));
  const port = await listen(t, (socket) => {
    const timer = setInterval(() => socket.write('HTTP/1.1 100 Continue\r\n\r\n'), 10);
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(timer);
      left();
    });
  });
  const hook = runHook({ httpGet: { path: '/', port } }, target(systemClock as never), 200);
  await assert.rejects(hook, /the hook did not end within 0.2 s/);
  await closed;
});

test('an answer of any kind, or a connection, is enough', async (t) => {
  const port = await listen(t, (socket) => socket.on('error', () => {}).end('HTTP/1.1 500 no\r\n\r\n'));
  await runHook({ httpGet: { path: '/', port } }, target(systemClock as never), 5000);
  await runHook({ tcpSocket: { port } }, target(systemClock as never), 5000);
});
