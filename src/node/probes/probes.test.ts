import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type Clock, manualClock } from '../../foundation/clock.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import { ExecTimeout } from '../runtimes/runtime.ts';
import { decodeStatus, encodeRequest, withoutTimes } from './grpc-probe.ts';
import { createProber } from './prober.ts';
import { runProbe } from './run-probe.ts';

const noRuntime = {} as Runtime;

async function listen(
  context: TestContext,
  server: { listen(port: number, host: string, done: () => void): unknown; address(): unknown; close(): unknown },
) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test('an http probe takes 200 to 399 and tells what else came', async (context) => {
  const seen: (string | undefined)[] = [];
  const port = await listen(
    context,
    createServer((request, response) => {
      seen.push(request.headers['x-probe'] as string);
      const code = Number(request.url!.slice(1));
      if (code > 0) response.writeHead(code).end();
    }),
  );
  const spec = { name: 'main', ports: [{ name: 'web', containerPort: port }] } as never;
  const ask = (path: string, more: object = {}) =>
    runProbe(
      noRuntime,
      'id',
      { httpGet: { path, port: 'web', httpHeaders: [{ name: 'X-Probe', value: 'yes' }] }, ...more } as never,
      spec,
      '127.0.0.1',
    );
  assert.equal(await ask('/200'), undefined);
  assert.equal(await ask('/302'), undefined);
  assert.match((await ask('/404'))!, /statuscode: 404/);
  assert.match((await ask('/500'))!, /statuscode: 500/);
  assert.match((await ask('/0', { timeoutSeconds: 0.05 }))!, /\/0": context deadline exceeded/);
  assert.deepEqual(new Set(seen), new Set(['yes']));
  assert.equal(
    await runProbe(noRuntime, 'id', { httpGet: { path: '/healthz', port: 1 } } as never, spec, '127.0.0.1'),
    'Get "http://127.0.0.1:1/healthz": dial tcp 127.0.0.1:1: connect: connection refused',
  );
  assert.match(
    (await runProbe(noRuntime, 'id', { httpGet: { path: '/', port: 'none' } } as never, spec, '127.0.0.1'))!,
    /no port named "none"/,
  );
});

test('a tcp probe needs a listener', async (context) => {
  const port = await listen(
    context,
    createTcpServer((socket) => socket.destroy()),
  );
  const ask = (port: number) =>
    runProbe(noRuntime, 'id', { tcpSocket: { port } } as never, { name: 'main' } as never, '127.0.0.1');
  assert.equal(await ask(port), undefined);
  assert.equal(await ask(1), 'dial tcp 127.0.0.1:1: connect: connection refused');
});

test('an exec probe fails by exit code, by timeout and by a runtime that is away', async () => {
  const ask = (exec: Runtime['exec']) =>
    runProbe({ exec } as Runtime, 'id', { exec: { command: ['x'] } } as never, { name: 'main' } as never, '');
  assert.equal(await ask(async () => ({ exitCode: 0, output: '' })), undefined);
  assert.equal(await ask(async () => ({ exitCode: 1, output: 'no\n' })), 'no');
  assert.match((await ask(() => Promise.reject(new ExecTimeout())))!, /^command timed out: "x" timed out after 1s$/);
  assert.equal(await ask(() => Promise.reject(new Error('away'))), 'away');
});

test('the health messages of gRPC are one field each', () => {
  assert.deepEqual([...encodeRequest('')], []);
  assert.deepEqual([...encodeRequest('db')], [10, 2, 100, 98]);
  assert.equal(decodeStatus(Buffer.from([8, 1])), 1);
  assert.equal(decodeStatus(Buffer.alloc(0)), 0);
});

const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test('thresholds, delays and periods decide when a result changes', async () => {
  const clock = manualClock();
  let exitCode = 0;
  let asked = 0;
  const changes: string[] = [];
  const exec: Runtime['exec'] = async () => {
    asked++;
    return { exitCode, output: 'no' };
  };
  const prober = createProber({
    runtime: { exec } as Runtime,
    clock,
    onChange: (uid) => changes.push(uid),
    onFailure() {},
  });
  const livenessProbe = { exec: { command: ['x'] }, initialDelaySeconds: 5, periodSeconds: 10, failureThreshold: 2 };
  const readinessProbe = { exec: { command: ['y'] }, periodSeconds: 10, successThreshold: 2 };
  const targets = {
    running: [
      {
        containerId: 'c',
        startedAtMs: 0,
        started: true,
        spec: { name: 'main', livenessProbe, readinessProbe } as never,
      },
    ],
    podIP: '',
    stopping: false,
  };
  prober.sync('uid', targets);
  const pass = async (milliseconds: number) => {
    clock.advance(milliseconds);
    await settled();
  };
  await pass(0);
  assert.equal(asked, 1);
  assert.deepEqual(prober.results(['c']).get('c'), undefined);
  await pass(5000);
  assert.equal(asked, 2);
  assert.deepEqual(prober.results(['c']).get('c'), { liveness: true });
  await pass(5000);
  assert.deepEqual(prober.results(['c']).get('c'), { liveness: true, readiness: true });
  exitCode = 1;
  await pass(5000);
  assert.equal(prober.results(['c']).get('c')!.liveness, true);
  await pass(10_000);
  assert.equal(prober.results(['c']).get('c')!.liveness, false);
  prober.sync('uid', { ...targets, running: [] });
  assert.equal(prober.results(['c']).size, 0);
  const before = asked;
  await pass(60_000);
  assert.equal(asked, before);
  assert.equal(changes.length > 0, true);
});

test('nothing else is probed until the startup probe has passed', async () => {
  const clock = manualClock();
  const asked: string[] = [];
  const exec: Runtime['exec'] = async (_, [command]) => {
    asked.push(command!);
    return { exitCode: 0, output: '' };
  };
  const prober = createProber({
    runtime: { exec } as Runtime,
    clock,
    onChange: () => prober.sync('uid', targets(true)),
    onFailure() {},
  });
  const probe = (command: string) => ({ exec: { command: [command] } });
  const spec = { name: 'main', startupProbe: probe('startup'), livenessProbe: probe('liveness') } as never;
  const targets = (started: boolean) => ({
    running: [{ containerId: 'c', startedAtMs: 0, started, spec }],
    podIP: '',
    stopping: false,
  });
  prober.sync('uid', targets(false));
  clock.advance(0);
  await settled();
  assert.deepEqual(asked, ['startup']);
  clock.advance(0);
  await settled();
  assert.deepEqual(asked, ['startup', 'liveness']);
  clock.advance(30_000);
  await settled();
  assert.equal(asked.filter((name) => name === 'startup').length, 1);
});

const proberOf = (exec: Runtime['exec'], clock: Clock) =>
  createProber({ runtime: { exec } as Runtime, clock, onChange() {}, onFailure() {} });
const live = (containerId: string, periodSeconds = 10) => ({
  running: [
    {
      ...{ containerId, startedAtMs: 0, started: true },
      spec: { name: 'main', livenessProbe: { exec: { command: ['x'] }, periodSeconds } } as never,
    },
  ],
  ...{ podIP: '', stopping: false },
});

test('probes that hang in many pods keep no other pod from being probed', async () => {
  const clock = manualClock();
  const exec: Runtime['exec'] = (id) =>
    id === 'well' ? Promise.resolve({ exitCode: 0, output: '' }) : new Promise(() => {});
  const prober = proberOf(exec, clock);
  for (let pod = 0; pod < 100; pod++) prober.sync(`hangs-${pod}`, live(`hangs-${pod}`));
  prober.sync('well', live('well'));
  clock.advance(0);
  await settled();
  assert.deepEqual(prober.results(['well']).get('well'), { liveness: true });
});

test('a grpc failure is told in the same words each time', () => {
  const details = (time: string) =>
    `No connection established. Last error: Protocol error (2026-11-23T23:13:${time}Z). Resolution note: `;
  assert.equal(withoutTimes(details('23.054')), 'No connection established. Last error: Protocol error');
  assert.equal(withoutTimes(details('24.133')), withoutTimes(details('23.054')));
});
