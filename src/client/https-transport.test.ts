import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../foundation/log.ts';
import { startServer } from '../server/testing/start.ts';
import { createClient } from './client.ts';
import { createHttpsTransport } from './https-transport.ts';
import { loadKubeconfig } from './kubeconfig.ts';

/** Only the wire is under test here: what an API server means is tested against the real one. */
async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/prefix`;
}

const json = { 'content-type': 'application/json' };

test('a request carries prefix, token and body; warnings come back', async (t) => {
  const server = await serve(t, async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    response.writeHead(200, { ...json, warning: '299 - "be \\"careful\\"", 299 - "second"' });
    const { authorization, 'content-type': type } = request.headers;
    response.end(JSON.stringify({ url: request.url, authorization, type, body: Buffer.concat(chunks).toString() }));
  });
  const transport = createHttpsTransport({ server, token: { bytes: Buffer.from('secret\n') } });
  t.after(() => transport.close());
  const answer = await transport.send({ method: 'POST', path: '/x?y=1', body: { a: 1 } });
  assert.deepEqual(answer.body, {
    url: '/prefix/x?y=1',
    authorization: 'Bearer secret',
    type: 'application/json',
    body: '{"a":1}',
  });
  assert.deepEqual(answer.warnings, ['be "careful"', 'second']);
});

test('a failed request is an ApiError with the reason and message of the server', async (t) => {
  const server = await serve(t, (_request, response) => {
    response.writeHead(404, json).end(JSON.stringify({ kind: 'Status', reason: 'NotFound', message: 'no such pod' }));
  });
  const transport = createHttpsTransport({ server });
  t.after(() => transport.close());
  const asked = createClient(transport).get('pods', { namespace: 'a', name: 'b' });
  await assert.rejects(asked, { reason: 'NotFound', message: 'no such pod', code: 404 });
});

test('a watch gives each event, and an ERROR event ends it with its reason', async (t) => {
  const server = await serve(t, (_request, response) => {
    response.writeHead(200, json);
    response.write('{"type":"ADDED","object":{"metadata":{"name":"a"}}}\n{"type":"ERR');
    response.write('OR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}\n');
  });
  const transport = createHttpsTransport({ server });
  const seen: string[] = [];
  const signal = new AbortController().signal;
  const watching = createClient(transport).watch('pods', { signal }, (event) => seen.push(event.object.metadata.name));
  await assert.rejects(watching, { reason: 'Expired', message: 'too old' });
  assert.deepEqual(seen, ['a']);
});

test('a watch resolves when its signal aborts, and rejects when the connection breaks', async (t) => {
  const server = await serve(t, (request, response) => {
    response.writeHead(200, json).write('{"type":"BOOKMARK","object":{}}\n');
    if (request.url?.includes('services')) setImmediate(() => response.destroy());
  });
  const client = createClient(createHttpsTransport({ server }));
  const controller = new AbortController();
  await client.watch('pods', { signal: controller.signal }, () => controller.abort());
  await assert.rejects(client.watch('services', { signal: new AbortController().signal }, () => {}));
});

test('a server that does not answer is given up', async (t) => {
  const server = await serve(t, () => {});
  const transport = createHttpsTransport({ server }, { timeoutMs: 50 });
  t.after(() => transport.close());
  await assert.rejects(transport.send({ method: 'GET', path: '/' }), /no answer from .* within 50 ms/);
});

test('a token file that changes is used without a restart', async (t) => {
  const file = join(mkdtempSync(join(tmpdir(), 'token-')), 'token');
  writeFileSync(file, 'one');
  const server = await serve(t, (request, response) => {
    response.writeHead(200, json).end(JSON.stringify(request.headers.authorization));
  });
  let passedMs = 0;
  t.mock.method(performance, 'now', () => passedMs);
  const transport = createHttpsTransport({ server, token: { file } });
  t.after(() => transport.close());
  writeFileSync(file, 'second');
  assert.equal((await transport.send({ method: 'GET', path: '/' })).body, 'Bearer one');
  passedMs = 11_000;
  assert.equal((await transport.send({ method: 'GET', path: '/' })).body, 'Bearer second');
});

test('against the real server: a kubeconfig, TLS, a list in pages and a watch', async (t) => {
  const server = await startServer({ log: silentLog });
  t.after(() => server.stop());
  const file = join(mkdtempSync(join(tmpdir(), 'kubeconfig-')), 'config');
  await server.writeKubeconfig(file);
  const transport = createHttpsTransport(loadKubeconfig(file).connection);
  t.after(() => transport.close());
  const client = createClient(transport);
  const configMap = (name: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default' },
  });
  for (const name of ['a', 'b', 'c']) await client.create('configmaps', configMap(name));
  const { items, resourceVersion } = await client.list('configmaps', { namespace: 'default', limit: 2 });
  assert.deepEqual(
    items.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    ['ConfigMap a', 'ConfigMap b', 'ConfigMap c'],
  );
  const stop = new AbortController();
  const seen: string[] = [];
  const watching = client.watch('configmaps', { resourceVersion, signal: stop.signal }, ({ type, object }) => {
    seen.push(`${type} ${object.metadata.name}`);
    if (seen.length === 2) stop.abort();
  });
  await client.patch('configmaps', { namespace: 'default', name: 'a' }, { type: 'merge', body: { data: { x: 'y' } } });
  await client.delete(
    'configmaps',
    { namespace: 'default', name: 'b' },
    { preconditions: { uid: items[1]!.metadata.uid } },
  );
  await watching;
  assert.deepEqual(seen, ['MODIFIED a', 'DELETED b']);
  await assert.rejects(client.get('configmaps', { namespace: 'default', name: 'b' }), { reason: 'NotFound' });
  await assert.rejects(client.get('nothing.example.com', { name: 'x' }), /no API group example.com/);
});
