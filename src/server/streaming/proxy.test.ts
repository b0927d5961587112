import assert from 'node:assert/strict';
import { type ClientRequest, createServer, type IncomingMessage, type RequestOptions, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { after, before, mock, test } from 'node:test';
import { connect } from 'node:tls';
import { plainHttp } from '../../foundation/plain-http.ts';
import { type Asked, ask } from '../testing/ask.ts';
import { must, pod, pods } from '../testing/objects.ts';
import { startServer, type TestServer } from '../testing/start.ts';

let server: TestServer;
let web: Server;
let at: string;
const seen: IncomingMessage[] = [];
const page = (to: string) => `<a href="${to}/next">next</a>`;

before(async () => {
  // The pod's address is one that pods have; what listens there is here.
  const request = plainHttp.request as (options: RequestOptions, answered: () => void) => ClientRequest;
  mock.method(plainHttp, 'request', ((options, answered) =>
    request(options.host === '10.1.0.1' ? { ...options, host: '127.0.0.1' } : options, answered)) as typeof request);
  web = createServer((request, response) => {
    seen.push(request);
    if (request.url!.startsWith('/moved/to?')) {
      const Location = decodeURIComponent(request.url!.split('?')[1]!);
      response.writeHead(307, { Location }).end();
    } else if (request.url!.startsWith('/moved')) response.writeHead(302, { Location: '/there' }).end();
    else response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page(''));
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  server = await startServer();
  await must(server, 'POST', pods, pod('proxy'));
  await moveTo('10.1.0.1');
  at = `${pods}/proxy:${(web.address() as AddressInfo).port}/proxy`;
});
after(async () => {
  await server.stop();
  web.closeAllConnections();
  web.close();
  mock.reset();
});

function moveTo(ip: string) {
  const status = { podIP: ip, podIPs: [{ ip }] };
  return must(server, 'PATCH', `${pods}/proxy/status`, { status }, 'application/merge-patch+json');
}

test('every method reaches the pod, with the path as it was written', async () => {
  for (const method of ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']) {
    assert.equal((await ask(server, `${at}/a%20b//c/?d=%2F`, { method })).code, 200, method);
    assert.deepEqual([seen.at(-1)!.method, seen.at(-1)!.url], [method, '/a%20b//c/?d=%2F']);
  }
});

test('no credential of the client goes further, in whatever header it comes', async () => {
  const headers = { Authorization: 'Bearer anna', Cookie: 'a=b', 'Impersonate-User': 'bob' };
  const token = { 'Sec-WebSocket-Protocol': `base64url.bearer.authorization.k8s.io.${btoa('anna')}` };
  await ask(server, `${at}/`, { headers: { ...headers, ...token } });
  const sent = Object.keys(seen.at(-1)!.headers);
  for (const name of [...Object.keys(headers), ...Object.keys(token)])
    assert.ok(!sent.includes(name.toLowerCase()), name);
});

test('what concerns the connection of the client goes no further, and ends nothing', async () => {
  const { hostname, port } = new URL(server.url);
  const socket = connect({ host: hostname, port: Number(port), ca: server.authority.certificate });
  const headers = ['Authorization: Bearer anna', 'Trailer: X', 'Proxy-Connection: close'];
  socket.write(`GET ${at}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers.join('\r\n')}\r\n\r\n`);
  const text = (await Array.fromAsync(socket)).join('');
  assert.match(text, /HTTP\/1.1 200 OK/);
  for (const name of ['trailer', 'proxy-connection']) assert.ok(!(name in seen.at(-1)!.headers), name);
});

test('links and redirections of a page lead through the proxy', async () => {
  const { text, headers } = await ask(server, `${at}/`, { headers: { 'Accept-Encoding': 'gzip' } });
  assert.equal(text, page(at));
  assert.equal(headers['content-length'], undefined);
  assert.equal(seen.at(-1)!.headers['accept-encoding'], undefined);
  assert.equal((await ask(server, `${at}/moved`)).headers.location, `${at}/there`);
});

test('no redirection leads out of the proxy, where the client would repeat what it asked with its own rights', async () => {
  const followed = async (location: string) => {
    const { headers } = await ask(server, `${at}/moved/to?${encodeURIComponent(location)}`, { method: 'DELETE' });
    return new URL(headers.location!, `${server.url}${at}/moved/to`).href;
  };
  const ways = ['../../../../../secrets', `${at}/../../secrets`, `${at}/%2e%2e/secrets`, '\\..\\..\\secrets'];
  for (const way of [...ways, `${server.url}${at}/../secrets`, 'http:/../..'])
    assert.ok((await followed(way)).startsWith(`${server.url}${at}/`), way);
  assert.equal(await followed('beside?a=b#c'), `${server.url}${at}/moved/beside?a=b#c`);
  assert.equal(await followed('https://example.com/a/../b'), 'https://example.com/b');
});

test('who reads without the last slash is sent to it, who writes is not', async () => {
  const { code, headers } = await ask(server, `${at}?a=b`);
  assert.deepEqual([code, headers.location], [301, `${at}/?a=b`]);
  assert.equal((await ask(server, `${at}?a=b`, { method: 'POST' })).code, 200);
  assert.equal(seen.at(-1)!.url, '/?a=b');
});

test('a path that only means a proxy when it is decoded is refused', async () => {
  assert.equal((await ask(server, at.replace(/proxy$/, '%70roxy'))).code, 400);
});

test('an answer that cannot be passed on is told to the client and ends nothing else', async () => {
  const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x';
  const empty = 'Content-Length: 0';
  const answers = [`HTTP/1.1 099 X\r\n${empty}`, `HTTP/1.1 200 OK\r\n${empty}\r\nTrailer: X`, upgrade];
  const hostile = createTcpServer((socket) => socket.once('data', () => socket.end(`${answers.pop()}\r\n\r\n`)));
  await new Promise<void>((resolve) => hostile.listen(0, '127.0.0.1', resolve));
  const path = `${pods}/proxy:${(hostile.address() as AddressInfo).port}/proxy/`;
  while (answers.length > 0) {
    const { code, json } = await ask(server, path);
    assert.deepEqual([code, json.reason], [503, 'ServiceUnavailable']);
  }
  assert.equal((await ask(server, `${at}/`)).code, 200);
  hostile.close();
});

const notOfPods = [
  ...['0.0.0.0', '127.0.0.1', '127.8.0.1', '169.254.169.254', '224.0.0.1', '255.255.255.255'],
  ...['::', '::1', 'fe80::1', 'ff02::1', '::ffff:127.0.0.1', '::ffff:169.254.169.254'],
];

test('no address is asked that no pod has: the server itself, its neighbours on the link', async (context) => {
  context.after(() => moveTo('10.1.0.1'));
  const asked = seen.length;
  for (const ip of notOfPods) {
    await moveTo(ip);
    assertRefused(await ask(server, `${at}/`), ip);
  }
  assert.equal(seen.length, asked);
});

test('nor by way of a service', async (context) => {
  context.after(() => moveTo('10.1.0.1'));
  const [namespace, address] = ['/namespaces/default', '239.0.0.1'];
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } };
  await must(server, 'POST', `/api/v1${namespace}/services`, service);
  await must(server, 'POST', `/apis/discovery.k8s.io/v1${namespace}/endpointslices`, {
    ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4', ports: [{ port: 80 }] },
    metadata: { name: 'web', labels: { 'kubernetes.io/service-name': 'web' } },
    endpoints: [{ addresses: [address], targetRef: { kind: 'Pod', name: 'proxy' } }],
  });
  await moveTo(address);
  assertRefused(await ask(server, `/api/v1${namespace}/services/web/proxy/`), address);
});

function assertRefused({ code, json }: Asked, address: string): void {
  assert.deepEqual([code, json?.reason], [400, 'BadRequest'], address);
  assert.match(json.message, /^address not allowed: no pod is reached at "[0-9a-f.:]+"/);
}
