import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { createHeld } from './held.ts';

const mebibyte = 1024 * 1024;

/** Opens streams of which 4 MiB may be held together; `take` is what is done with a message. */
async function streams(t: TestContext, count: number, take: (socket: WebSocket) => void = () => {}) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  const hold = createHeld(4 * mebibyte);
  let messages = 0;
  server.on('connection', (socket, request) => {
    socket.on('message', () => {
      messages++;
      take(socket);
    });
    hold(socket, request.socket);
  });
  await once(server, 'listening');
  const clients = Array.from({ length: count }, () => {
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    client.on('error', () => {});
    return client;
  });
  await Promise.all(clients.map((client) => once(client, 'open')));
  t.after(() => {
    for (const client of clients) client.terminate();
    server.close();
  });
  const send = (client: WebSocket, bytes: number, fin = true) =>
    new Promise((resolve) => client.send(Buffer.alloc(bytes), { fin }, resolve));
  return { clients, send, messages: () => messages };
}

test('messages without an end are bounded together: who adds to them is cut off, who sends little goes on', async (t) => {
  const { clients, send, messages } = await streams(t, 4);
  const [first, second, third, small] = clients as [WebSocket, WebSocket, WebSocket, WebSocket];
  await send(first, 1.5 * mebibyte, false);
  await send(second, 1.5 * mebibyte, false);
  const closed = once(third, 'close');
  await send(third, 1.5 * mebibyte, false);
  await closed;
  await send(small, mebibyte / 2);
  while (messages() === 0) await new Promise(setImmediate);
  assert.deepEqual(
    [first, second, small].map(({ readyState }) => readyState),
    [1, 1, 1],
  );
});

test('bytes that come one by one count for what they take', async () => {
  const hold = createHeld(2 * mebibyte);
  let isOpen = true;
  const client = new PassThrough();
  hold({ once() {}, on() {}, isPaused: false, terminate: () => (isOpen = false) } as unknown as WebSocket, client);
  for (let count = 0; count < 10_000 && isOpen; count++) client.emit('data', Buffer.alloc(1));
  assert.equal(isOpen, false);
});

test('a message that nobody takes counts as long as it waits, and one that is taken does not', async (t) => {
  const { clients, send } = await streams(t, 1);
  for (let count = 0; count < 5; count++) await send(clients[0]!, 3 * mebibyte);
  assert.equal(clients[0]!.readyState, WebSocket.OPEN);

  const slow = await streams(t, 2, (socket) => socket.pause());
  await slow.send(slow.clients[0]!, 3 * mebibyte);
  while (slow.messages() === 0) await new Promise(setImmediate);
  const closed = once(slow.clients[1]!, 'close');
  await slow.send(slow.clients[1]!, 3 * mebibyte);
  await closed;
  assert.equal(slow.clients[0]!.readyState, WebSocket.OPEN);
});
