import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, type Server as AgentServer, createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { after, before, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { ask } from '../testing/ask.ts';
import { may, must, pod, pods } from '../testing/objects.ts';
import { startServer, type TestServer } from '../testing/start.ts';
import { tunnel } from './tunnel.ts';

let server: TestServer;
let agent: AgentServer;
const seen: { url: string; headers: Record<string, unknown>; client: string }[] = [];
/** What came to the agent behind an upgrade that it had refused. */
const pastRefusal: string[] = [];
const mergePatch = 'application/merge-patch+json';

/** Stands where a node's agent does: answers logs in pieces, and echoes after an upgrade. */
async function startAgent(): Promise<void> {
  const tls = server.authority.server();
  agent = createServer({ ...tls, ca: server.authority.certificate, requestCert: true, rejectUnauthorized: true });
  const note = (request: IncomingMessage) => {
    const client = (request.socket as TLSSocket).getPeerCertificate().subject.CN as string;
    seen.push({ url: request.url!, headers: request.headers, client });
  };
  agent.on('request', (request, response) => {
    note(request);
    response.write('first line\n');
    setTimeout(() => response.end('second line\n'), 50);
  });
  agent.on('upgrade', (request, socket, head) => {
    note(request);
    if (request.url!.includes('command=refused')) {
      const refusal = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n';
      socket.on('error', () => undefined).on('data', (chunk: Buffer) => pastRefusal.push(chunk.toString()));
      if (head.length > 0) pastRefusal.push(head.toString());
      for (const part of ['HTTP/1', refusal.slice(6)]) socket.write(part);
      setTimeout(() => socket.end(), 200);
      return;
    }
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.on('data', (chunk: Buffer) => socket.write(`echo ${chunk}`));
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));
}

before(async () => {
  let identity: { key: string; cert: string; ca: string };
  server = await startServer({ extensions: { nodeClient: () => identity } });
  identity = { ...server.authority.client('kube-apiserver-kubelet-client'), ca: server.authority.certificate };
  await startAgent();
  await must(server, 'POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: (agent.address() as AddressInfo).port } },
  };
  await must(server, 'PATCH', '/api/v1/nodes/n1/status', { status }, mergePatch);
  await must(server, 'POST', pods, pod('web', { nodeName: 'n1' }));
});
after(async () => {
  await server.stop();
  agent.closeAllConnections();
  agent.close();
});

/** Sends an upgrade and gives everything that came back until `until` was seen. */
function upgrade(path: string, send: string, until: RegExp, user = 'tester', answer = ' 101 '): Promise<string> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), ca: server.authority.certificate }, () => {
      const lines = [`GET ${path} HTTP/1.1`, 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket'];
      lines.push(`Authorization: Bearer ${user}`, 'Sec-WebSocket-Protocol: v5.channel.k8s.io');
      socket.write(`${lines.join('\r\n')}\r\n\r\n${answer === ' 101 ' ? '' : send}`);
    });
    let text = '';
    let sent = false;
    socket.on('data', (chunk) => {
      text += chunk;
      if (!sent && text.includes(answer)) {
        sent = true;
        socket.write(send);
      }
      if (until.test(text)) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}

test('an exec is passed to the agent of the pod’s node, byte for byte, without the client’s credentials', async () => {
  const text = await upgrade(`${pods}/web/exec?command=ls&command=-l&stdin=true&stdout=true`, 'hello', /echo hello/);
  assert.match(text, /^HTTP\/1\.1 101 /);
  const { url, headers, client } = seen.at(-1)!;
  assert.equal(url, '/exec/default/web/main?command=ls&command=-l&input=1&output=1');
  assert.equal(client, 'kube-apiserver-kubelet-client');
  assert.equal(headers['authorization'], undefined);
  assert.equal(headers['sec-websocket-protocol'], 'v5.channel.k8s.io');
});

test('behind a refusal of the agent nothing reaches it: it would be asked with the server’s rights', async () => {
  const next = 'GET /exec/kube-system/other/main?command=id HTTP/1.1\r\nHost: x\r\n\r\n';
  const text = await upgrade(`${pods}/web/exec?command=refused&stdin=true`, next, /never/, 'tester', ' 403 ');
  assert.match(text, /^HTTP\/1\.1 403 Forbidden\r\n/);
  assert.deepEqual(pastRefusal, []);
});

test('port-forward goes to the pod as a whole', async () => {
  await upgrade(`${pods}/web/portforward?ports=80`, 'x', /echo x/);
  assert.equal(seen.at(-1)!.url, '/portForward/default/web?port=80');
});

test('who may only read pods gets no shell: the stream is authorised as create', async () => {
  const asked: string[] = [];
  const strict = await startServer({
    defences: {
      authorize: ({ verb, subresource, user }) => {
        if (subresource === 'exec') asked.push(verb);
        return { allowed: user.username === 'test-admin' || verb === 'get', reason: '' };
      },
    },
  });
  try {
    const { hostname, port } = new URL(strict.url);
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), ca: strict.authority.certificate }, () =>
        socket.write(
          `GET ${pods}/web/exec?command=sh HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: Bearer reader\r\n\r\n`,
        ),
      );
      let received = '';
      socket.on('data', (chunk) => {
        received += chunk;
      });
      socket.on('close', () => resolve(received));
      socket.on('error', reject);
    });
    assert.match(text, /^HTTP\/1\.1 403 /);
    assert.deepEqual(asked, ['create']);
  } finally {
    await strict.stop();
  }
});

test('for a client that went away meanwhile the agent starts nothing', async () => {
  const identity = { ...server.authority.client('kube-apiserver-kubelet-client'), ca: server.authority.certificate };
  const connected = once(agent, 'connection');
  const asked = seen.length;
  const socket = new PassThrough();
  const request = { method: 'GET', rawHeaders: [] } as unknown as IncomingMessage;
  const opening = tunnel(
    { host: '127.0.0.1', port: (agent.address() as AddressInfo).port, ...identity },
    request,
    { socket, head: Buffer.alloc(0) },
    '/exec/default/web/main?command=ls',
  );
  socket.destroy();
  await opening;
  const [connection] = await connected;
  if (!connection.closed) await once(connection, 'close');
  assert.equal(seen.length, asked);
});

test('a log is streamed from the agent as it is written', async () => {
  const { code, text } = await ask(server, `${pods}/web/log?follow=true&tailLines=5&timestamps=true`);
  assert.equal(code, 200);
  assert.equal(text, 'first line\nsecond line\n');
  assert.equal(seen.at(-1)!.url, '/containerLogs/default/web/main?follow=true&timestamps=true&tailLines=5');
  assert.equal((await may(server, 'GET', `${pods}/web/log?tailLines=-1`)).code, 400);
});

test('a log is read by WebSocket, too: by who may read it', async () => {
  const text = await upgrade(`${pods}/web/log?tailLines=5`, 'x', /echo x/);
  assert.match(text, /^HTTP\/1\.1 101 /);
  assert.equal(seen.at(-1)!.url, '/containerLogs/default/web/main?tailLines=5');
});

test('the agent’s own API is reached through nodes/proxy', async () => {
  const { text } = await ask(server, '/api/v1/nodes/n1/proxy/stats/summary?only=cpu');
  assert.match(text, /first line/);
  assert.equal(seen.at(-1)!.url, '/stats/summary?only=cpu');
});

test('a node that cannot be reached is told as unavailable', async () => {
  await must(server, 'POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'gone' } });
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: 1 } },
  };
  await must(server, 'PATCH', '/api/v1/nodes/gone/status', { status }, mergePatch);
  await must(server, 'POST', pods, pod('lost', { nodeName: 'gone' }));
  const { code, json } = await ask(server, `${pods}/lost/log`);
  assert.equal(code, 503);
  assert.match(json.message, /127\.0\.0\.1:1/);
});

test('a stream gives its seat back when it ends, even if the connection stays', async () => {
  const bounds = { requestsMax: 9, requestsPerUserMax: 9, streamsMax: 1, streamsPerUserMax: 1 };
  const agentPort = (agent.address() as AddressInfo).port;
  let identity: { key: string; cert: string; ca: string };
  const small = await startServer({ bounds, extensions: { nodeClient: () => identity } });
  try {
    identity = {
      ...server.authority.client('kube-apiserver-kubelet-client'),
      ca: server.authority.certificate,
    };
    await must(small, 'POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
    const addresses = [{ type: 'InternalIP', address: '127.0.0.1' }];
    const status = { addresses, daemonEndpoints: { kubeletEndpoint: { Port: agentPort } } };
    await must(small, 'PATCH', '/api/v1/nodes/n1/status', { status }, mergePatch);
    await must(small, 'POST', pods, pod('web', { nodeName: 'n1' }));
    const keepAlive = new Agent({ keepAlive: true, maxSockets: 1, ca: small.authority.certificate });
    const log = () =>
      new Promise<number>((resolve, reject) => {
        const headers = { Authorization: 'Bearer t' };
        get(`${small.url}${pods}/web/log`, { agent: keepAlive, headers }, (answer) => {
          answer.resume();
          answer.on('end', () => resolve(answer.statusCode!));
        }).on('error', reject);
      });
    for (let time = 0; time < 3; time++) assert.equal(await log(), 200);
    keepAlive.destroy();
  } finally {
    await small.stop();
  }
});
