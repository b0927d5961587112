import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createBodyReader } from './body-reader.ts';

const kib = 1024;

test('bodies that do not end leave room for small ones, and for large ones again when they are gone', async (t) => {
  const readBody = createBodyReader(200 * kib);
  let received = 0;
  const server = createServer((asked, response) => {
    asked.on('data', (chunk: Buffer) => (received += chunk.length));
    readBody(asked).then(
      (body) => response.end(String(body.length)),
      (error) => response.writeHead(error.code).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const post = () => request({ port, host: '127.0.0.1', method: 'POST', agent: false });
  const send = async (bytes: number) => {
    const [answer] = await once(post().end(Buffer.alloc(bytes)), 'response');
    return [answer.statusCode, (await Array.fromAsync(answer)).join('')];
  };

  const endless = post().on('error', () => {});
  endless.write(Buffer.alloc(190 * kib));
  const [asked] = await once(server, 'request');
  while (received < 190 * kib) await new Promise(setImmediate);
  assert.deepEqual(await send(64 * kib), [200, String(64 * kib)]);
  assert.deepEqual(await send(64 * kib + 1), [429, '']);
  endless.destroy();
  await new Promise((resolve) => asked.once('close', resolve));
  assert.deepEqual(await send(150 * kib), [200, String(150 * kib)]);
});
