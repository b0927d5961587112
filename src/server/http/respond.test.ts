import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { kinds } from '../../api/api.ts';
import { systemClock } from '../../foundation/clock.ts';
import type { ReplyBody } from '../context.ts';
import type { ServerRequest } from '../request.ts';
import type { WatchSource } from '../storage/watch-hub.ts';
import { respond } from './respond.ts';

/** Answers one request whose client reads nothing; resolves when the connection is closed. */
async function unread(body: ReplyBody): Promise<ServerResponse> {
  const request = { method: 'GET', accept: '', acceptEncoding: '' } as ServerRequest;
  const handled = { reply: { code: 200, body }, warnings: [], auditId: 'id', target: undefined, finish() {} };
  const server = createServer((_, response) => void respond(handled, request, response, systemClock, 50));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => {});
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const [, response] = await once(server, 'request');
  await once(response, 'close');
  client.destroy();
  server.close();
  return response;
}

test('a large answer that nobody reads is not held for ever', { timeout: 20_000 }, async () => {
  const bytes = Buffer.alloc(32 << 20, 'x');
  const whole = await unread({ form: 'bytes', contentType: 'text/plain', bytes });
  assert.equal(whole.writableFinished, false);
});

test('what is left of a watch that is over is not held for ever', { timeout: 20_000 }, async () => {
  const kind = kinds[0]!;
  const items = [{ type: 'ADDED' as const, value: Buffer.alloc(32 << 20, ' '), revision: 1 }];
  const source: WatchSource = {
    audience: { id: '', kind, namespace: undefined, matches: undefined },
    ...{ initial: [], revision: 0, marksInitialEnd: false, bookmarks: false, timeoutMs: 50, expired: undefined },
    subscribe(onBatch) {
      onBatch({ items, revision: 1 });
      return () => {};
    },
    settled: () => undefined,
  };
  const watch = await unread({ form: 'watch', kind, source });
  assert.deepEqual([watch.writableEnded, watch.writableFinished], [true, false]);
});
