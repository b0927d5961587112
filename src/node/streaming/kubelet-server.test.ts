import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, Transform } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { WebSocket } from 'ws';
import { systemClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import { createSpdyConnection } from '../runtimes/containerd/spdy.ts';
import type { Runtime } from '../runtimes/runtime.ts';
import { testImageReference } from '../runtimes/testing/busybox.ts';
import { cannotRunContainerd, containerConfig, sandboxConfig, startTestHost } from '../runtimes/testing/host.ts';
import { createSimulatedRuntime } from '../runtimes/testing/simulated.ts';
import { createAccess } from './access.ts';
import { createKubeletServer } from './kubelet-server.ts';
import { type Credentials, createAuthority } from './testing/certificates.ts';

const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';
const apiServer = 'kube-apiserver-kubelet-client';

/** Access of others is decided by the API: see access.test.ts. */
const away = () => Promise.reject(new Error('the API is away'));
const page = (name: string) => async () => `${name} 1\n`;

async function serve(t: TestContext, runtime: Runtime) {
  const authority = await createAuthority('test');
  const server = await createKubeletServer({
    address: '127.0.0.1',
    port: 0,
    tls: { ...(await authority.issue('system:node:test')), ca: authority.ca },
    allowConnection: () => true,
    access: createAccess({ nodeName: 'test', apiServerName: apiServer, client: { create: away } }),
    runtime,
    log: silentLog,
    findSandboxes: async (namespace, pod) =>
      (await runtime.listPods()).filter((sandbox) => sandbox.namespace === namespace && sandbox.name === pod),
    pods: () => ({ kind: 'PodList', apiVersion: 'v1', items: [] }),
    stats: { summary: async () => ({ node: {} }) },
    metrics: { kubelet: page('kubelet'), cadvisor: page('cadvisor'), resource: page('resource') },
    unhealthy: () => undefined,
    streamsMax: 4,
  });
  t.after(server.close);
  const client = { ...(await authority.issue(apiServer)), ca: authority.ca };
  return { authority, client, server, base: `127.0.0.1:${server.port}` };
}

type Client = Credentials & { ca: string };
const get = (base: string, path: string, client: object) =>
  new Promise<{ code: number; text: string }>((resolve, reject) => {
    const asking = request(`https://${base}${path}`, { ...client, agent: false }, async (response) => {
      const text = (await Array.fromAsync(response)).join('');
      resolve({ code: response.statusCode!, text });
    });
    asking.on('error', reject);
    asking.end();
  });

/** What a WebSocket client sees: text per channel, until the server closes. */
async function remote(base: string, path: string, client: Client, stdin?: string, protocol = 'v5.channel.k8s.io') {
  const socket = new WebSocket(`wss://${base}${path}`, [protocol], client);
  const channels: Record<number, string> = {};
  socket.on('message', (data: Buffer) => {
    channels[data[0]!] = (channels[data[0]!] ?? '') + data.subarray(1);
  });
  socket.on('open', () => {
    if (stdin === undefined) return;
    socket.send(Buffer.concat([Buffer.from([0]), Buffer.from(stdin)]));
    socket.send(Buffer.from([255, 0]));
  });
  await new Promise((resolve, reject) => socket.on('close', resolve).on('error', reject));
  return { out: channels[1], error: channels[2], status: JSON.parse(channels[3] || 'null'), protocol: socket.protocol };
}

async function simulated(t: TestContext, changes: Partial<Runtime> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-streaming-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const runtime = createSimulatedRuntime({ clock: systemClock, nextAddress: () => '10.244.0.2', writeLogs: true });
  await runtime.images.pull(testImageReference, undefined);
  const sandbox = await runtime.runPod(sandboxConfig('web', folder));
  for (const attempt of [0, 1]) {
    const changes = { attempt, logPath: `main/${attempt}.log` };
    const container = await runtime.createContainer(
      sandbox,
      containerConfig('main', ['sh', '-c', `echo run ${attempt}; ${attempt === 0 ? 'exit 1' : 'serve'}`], changes),
    );
    const exited = new Promise<void>((resolve) => {
      const stop = runtime.watch(async () => {
        if ((await runtime.containerStatus(container))?.state !== 'exited') return;
        stop();
        resolve();
      });
    });
    await runtime.startContainer(container);
    if (attempt === 0) await exited;
  }
  return serve(t, { ...runtime, ...changes });
}

test('the API server reads every page, and enters containers; nobody else does without the API', async (t) => {
  const { base, client, authority } = await simulated(t);
  assert.deepEqual(await get(base, '/healthz', client), { code: 200, text: 'ok' });
  assert.deepEqual(await get(base, '/metrics', client), { code: 200, text: 'kubelet 1\n' });
  assert.deepEqual(await get(base, '/metrics/cadvisor', client), { code: 200, text: 'cadvisor 1\n' });
  assert.deepEqual(await get(base, '/metrics/resource', client), { code: 200, text: 'resource 1\n' });
  const other = { ...(await authority.issue('system:node:other')), ca: authority.ca };
  for (const path of ['/healthz', '/pods', '/metrics']) assert.equal((await get(base, path, other)).code, 503);
  assert.equal((await get(base, '/containerLogs/default/web/main', other)).code, 403);
  await assert.rejects(remote(base, '/exec/default/web/main?command=true&stdout=1', other), /403/);
});

test('without a certificate of this authority there is nothing but 401', async (t) => {
  const { base, authority } = await simulated(t);
  const stranger = await (await createAuthority('stranger')).issue(apiServer);
  for (const shown of [{ ca: authority.ca }, { ...stranger, ca: authority.ca }]) {
    for (const path of ['/healthz', '/metrics', '/pods', '/containerLogs/default/web/main', '/nothing'])
      assert.equal((await get(base, path, shown)).code, 401, path);
    await assert.rejects(remote(base, '/exec/default/web/main?command=true&stdout=1', shown as Client), /401/);
  }
});

test('a renewed certificate and authority count from the next connection on', async (t) => {
  const { base, client, server, authority } = await simulated(t);
  server.renew({ ...(await authority.issue('system:node:test')), ca: authority.ca });
  assert.equal((await get(base, '/healthz', client)).code, 200);
  const next = await createAuthority('next');
  server.renew({ ...(await next.issue('system:node:test')), ca: next.ca });
  assert.equal((await get(base, '/healthz', { ...client, ca: next.ca })).code, 401);
  assert.equal((await get(base, '/healthz', { ...(await next.issue(apiServer)), ca: next.ca })).code, 200);
});

test('logs of now and of before, and errors that say what is wrong', async (t) => {
  const { base, client } = await simulated(t);
  const logs = (query: string) => get(base, `/containerLogs/default/web/main${query}`, client);
  assert.deepEqual(await logs('?tailLines=5'), { code: 200, text: 'run 1\n' });
  assert.deepEqual(await logs('?previous=true'), { code: 200, text: 'run 0\n' });
  assert.equal((await logs('?tailLines=-1')).code, 400);
  assert.equal((await logs('?sinceTime=yesterday')).code, 400);
  assert.match(
    (await get(base, '/containerLogs/default/web/other', client)).text,
    /container \\"other\\" in pod \\"web\\"/,
  );
  assert.equal((await get(base, '/containerLogs/default', client)).code, 404);
  assert.equal((await get(base, '/run/default/web/main', client)).code, 404);
  assert.equal((await get(base, '/%zz', client)).code, 400);
});

test('exec over WebSocket: output, input to its end, exit code', async (t) => {
  const { base, client } = await simulated(t);
  const exec = '/exec/default/web/main?stdout=true&stderr=true';
  const echoed = await remote(base, `${exec}&stdin=true&command=cat`, client, 'to and fro');
  assert.deepEqual([echoed.out, echoed.status.status, echoed.protocol], ['to and fro', 'Success', 'v5.channel.k8s.io']);
  const failed = await remote(
    base,
    `${exec}&command=sh&command=-c&command=exit%203`,
    client,
    undefined,
    'v4.channel.k8s.io',
  );
  assert.deepEqual(failed.status.details.causes, [{ reason: 'ExitCode', message: '3' }]);
  await assert.rejects(remote(base, exec, client), /400/);
  await assert.rejects(remote(base, '/exec/default/gone/main?command=true&stdout=1', client), /400/);
});

test('the older protocols of exec have text for errors, and those of browsers are base64', async (t) => {
  const { base, client } = await simulated(t);
  const said = async (command: string, protocol: string) => {
    const path = `wss://${base}/exec/default/web/main?stdout=1&command=sh&command=-c&command=${encodeURIComponent(command)}`;
    const socket = new WebSocket(path, [protocol], client);
    const messages: string[] = [];
    socket.on('message', (data: Buffer) => data.length > 1 && messages.push(data.toString()));
    await new Promise((resolve, reject) => socket.on('close', resolve).on('error', reject));
    return messages;
  };
  assert.deepEqual(await said('echo hi', 'channel.k8s.io'), ['\u0001hi\n']);
  const [failure] = await said('exit 3', 'channel.k8s.io');
  assert.equal(failure, '\u0003command terminated with non-zero exit code: exit status 3');
  const encoded = (text: string) => Buffer.from(text).toString('base64');
  assert.deepEqual(await said('echo hi', 'base64.channel.k8s.io'), [`1${encoded('hi\n')}`]);
  const [output, status] = await said('echo hi', 'v4.base64.channel.k8s.io');
  assert.equal(output, `1${encoded('hi\n')}`);
  assert.equal(JSON.parse(Buffer.from(status!.slice(1), 'base64').toString()).status, 'Success');
  const echo = new WebSocket(
    `wss://${base}/exec/default/web/main?stdin=1&stdout=1&command=cat`,
    ['base64.channel.k8s.io'],
    client,
  );
  echo.on('open', () => echo.send(`0${encoded('to and fro')}`));
  const answer = await new Promise((resolve) =>
    echo.on('message', (data: Buffer) => data.length > 1 && resolve(data.toString())),
  );
  echo.close();
  assert.equal(answer, `1${encoded('to and fro')}`);
});

test('a client that resets its connection while it is refused harms nobody', async (t) => {
  const { base, client } = await simulated(t);
  const [host = '', port] = base.split(':');
  for (const path of ['/exec/default/gone/main?stdout=1&command=true', '/nothing']) {
    const socket = connect({ host, port: Number(port), ...client });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    socket.on('error', () => {});
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    socket.destroy();
  }
  assert.equal((await get(base, '/healthz', client)).code, 200);
});

test('ports are forwarded by channels: data and error of each, beginning with its number', async (t) => {
  const openPort = async (_: string, port: number) => {
    if (port === 81) throw new Error('refused');
    return new Transform({
      transform(chunk, _encoding, done) {
        this.push(String(chunk).toUpperCase());
        this.push(null);
        done();
      },
    });
  };
  const { base, client } = await simulated(t, { openPort });
  const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
  const socket = new WebSocket(`wss://${base}/portForward/default/web?port=258&port=81`, protocols, client);
  const channels = [0, 1, 2, 3].map(() => Buffer.alloc(0));
  socket.on('message', (data: Buffer) => {
    channels[data[0]!] = Buffer.concat([channels[data[0]!]!, data.subarray(1)]);
  });
  socket.on('open', () => socket.send(Buffer.from('\0hello')));
  await new Promise((resolve, reject) => socket.on('close', resolve).on('error', reject));
  assert.equal(socket.protocol, 'v4.channel.k8s.io');
  assert.deepEqual(
    channels.map((text) => text.toString('latin1')),
    ['\x02\x01HELLO', '\x02\x01', 'Q\0', 'Q\0error forwarding port 81 to the pod: refused'],
  );
});

test('more streams than allowed are refused, and places come back', async (t) => {
  const { base, client } = await simulated(t);
  const path = `wss://${base}/exec/default/web/main?stdin=1&stdout=1&command=cat`;
  const sockets = await Promise.all(
    [1, 2, 3, 4].map(async () => {
      const socket = new WebSocket(path, ['v5.channel.k8s.io'], client);
      await new Promise((resolve) => socket.once('open', resolve));
      return socket;
    }),
  );
  await assert.rejects(remote(base, '/exec/default/web/main?stdout=1&command=true', client), /429/);
  await Promise.all(
    sockets.map((socket) => {
      socket.close();
      return new Promise((resolve) => socket.once('close', resolve));
    }),
  );
  const again = async () => (await remote(base, '/exec/default/web/main?stdout=1&command=true', client)).status.status;
  assert.equal(await again().catch(again), 'Success');
});

test('streams of clients into containerd', { skip: cannotRunContainerd }, async (t) => {
  const { runtime, folder } = await startTestHost(t, '10.250.2.0/24');
  const sandbox = await runtime.runPod(sandboxConfig('web', folder));
  const server = ['sh', '-c', 'echo -n hello > /tmp/index.html; httpd -f -p 8080 -h /tmp'];
  await runtime.startContainer(await runtime.createContainer(sandbox, containerConfig('main', server)));
  const { base, client } = await serve(t, runtime);

  await t.test('16 MiB through exec and back by WebSocket', async () => {
    const text = 'x'.repeat(16 * 2 ** 20);
    const result = await remote(base, '/exec/default/web/main?stdin=1&stdout=1&command=cat', client, text);
    assert.equal(result.out?.length, text.length);
    assert.equal(result.status.status, 'Success');
  });
  await t.test('a program that cannot be run is said in the status', async () => {
    const { status } = await remote(base, '/exec/default/web/main?stdout=1&command=/nothing', client);
    assert.match(status.message, /nothing/);
  });
  await t.test('port-forward as SPDY in WebSocket messages', async () => {
    const webSocket = {
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      'sec-websocket-protocol': tunnelProtocol,
    };
    const { response, connection, head } = await upgrade(base, client, webSocket);
    assert.equal(response.headers['sec-websocket-protocol'], tunnelProtocol);
    assert.match(await askThrough({ connection: framed(connection), head }), /hello$/);
  });
  await t.test('port-forward as SPDY', async () => {
    const spdy = { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'portforward.k8s.io' };
    const { response, ...upgraded } = await upgrade(base, client, spdy);
    assert.equal(response.headers['x-stream-protocol-version'], 'portforward.k8s.io');
    assert.match(await askThrough(upgraded), /hello$/);
  });
});

async function askThrough(upgraded: Parameters<typeof createSpdyConnection>[0]): Promise<string> {
  const connection = createSpdyConnection(upgraded);
  connection.open({ streamType: 'error', port: '8080', requestID: '0' }).end();
  const data = connection.open({ streamType: 'data', port: '8080', requestID: '0' });
  data.write('GET / HTTP/1.0\r\n\r\n');
  const answer = Buffer.concat((await Array.fromAsync(data)) as Buffer[]).toString();
  connection.close();
  return answer;
}

const upgrade = (base: string, client: Client, headers: Record<string, string>) =>
  new Promise<{ response: IncomingMessage; connection: Duplex; head: Buffer }>((resolve, reject) => {
    const asking = request(`https://${base}/portForward/default/web`, {
      ...client,
      agent: false,
      headers: { connection: 'Upgrade', ...headers },
    });
    asking.once('upgrade', (response, connection, head) => resolve({ response, connection, head }));
    asking.once('error', reject);
    asking.once('response', ({ statusCode }) => reject(new Error(String(statusCode))));
    asking.end();
  });

/** The client's side of WebSocket framing, for messages below 64 KiB; npm's ws refuses this subprotocol. */
function framed(raw: Duplex): Duplex {
  let pending = Buffer.alloc(0);
  const messages = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      const header = Buffer.from([0x82, 0x80 | 126, chunk.length >> 8, chunk.length & 0xff, 0, 0, 0, 0]);
      raw.write(Buffer.concat([header, chunk]), done);
    },
    destroy(error, done) {
      raw.destroy();
      done(error);
    },
  });
  raw.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const isLong = (pending[1] ?? 0) === 126;
      const begin = isLong ? 4 : 2;
      if (pending.length < begin) return;
      const length = isLong ? pending.readUInt16BE(2) : pending[1]!;
      if (pending.length < begin + length) return;
      if ((pending[0]! & 0x0f) === 2) messages.push(pending.subarray(begin, begin + length));
      pending = pending.subarray(begin + length);
    }
  });
  raw.on('close', () => messages.push(null));
  return messages;
}

test('logs are read by WebSocket, as bytes or in base64', async (t) => {
  const { base, client } = await simulated(t);
  const read = async (query: string, protocols: string[]) => {
    const socket = new WebSocket(`wss://${base}/containerLogs/default/web/main?${query}`, protocols, client);
    const messages: Buffer[] = [];
    socket.on('message', (data: Buffer) => messages.push(data));
    const code = await new Promise((resolve, reject) => socket.on('close', resolve).on('error', reject));
    return { code, protocol: socket.protocol, text: Buffer.concat(messages).toString() };
  };
  const text = 'run 0\n';
  assert.deepEqual(await read('previous=true', ['binary.k8s.io']), { code: 1000, protocol: 'binary.k8s.io', text });
  assert.deepEqual(await read('previous=true', []), { code: 1000, protocol: '', text });
  const encoded = await read('previous=true', ['base64.binary.k8s.io']);
  assert.equal(Buffer.from(encoded.text, 'base64').toString(), text);
  await assert.rejects(read('tailLines=-1', ['binary.k8s.io']), /400/);
});
