import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './cluster.ts';

/** What the shop's API answers while its database does this. */
async function answerWith(database: (socket: Socket) => void): Promise<Response> {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-shop-api-'));
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, 'secret');
  const server = createServer((socket) => database(socket.on('error', () => {}))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const api = spawn(process.execPath, [join(root, 'examples/shop/api/server.cjs')], {
    env: {
      ...{ PORT: '0', DATABASE_HOST: '127.0.0.1', DATABASE_PORT: String((server.address() as AddressInfo).port) },
      DATABASE_PASSWORD_FILE: passwordFile,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(api.stdout, 'data')) as [Buffer];
    const port = line.toString().match(/\d+/)![0];
    return await fetch(`http://127.0.0.1:${port}/api/items`, { signal: AbortSignal.timeout(5000) });
  } finally {
    api.kill('SIGKILL');
    server.close();
    rmSync(folder, { recursive: true });
  }
}

test('the shop’s API answers 503 when its database closes before it has answered', async () => {
  for (const sent of ['', '+OK\r\n*2\r\n$1\r\na']) {
    const response = await answerWith((socket) => socket.once('data', () => socket.end(sent)));
    assert.equal(response.status, 503);
    assert.match(await response.text(), /closed the connection/);
  }
});

test('the shop’s API answers with the items of its database', async () => {
  const response = await answerWith((socket) =>
    socket.once('data', () => socket.write('+OK\r\n*1\r\n$5\r\napple\r\n')),
  );
  assert.deepEqual([response.status, await response.json()], [200, { items: ['apple'] }]);
});
