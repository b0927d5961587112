import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApiError } from '../../api/status.ts';
import type { Runtime, SpdyTarget } from '../runtimes/runtime.ts';

const headerBytesMax = 256;

/** SPDY's stream protocols as the client offers them: one header each, or one with commas. */
function offered(request: IncomingMessage): string[] {
  const values = request.headersDistinct['x-stream-protocol-version'] ?? [];
  return values
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => /^[\w.]+$/.test(value))
    .slice(0, 16);
}

export async function openSpdyOf(runtime: Runtime, target: SpdyTarget, protocols: string[]) {
  if (runtime.openSpdy === undefined)
    throw new ApiError('BadRequest', 'this node serves exec and attach over WebSocket only, and no port-forward');
  return runtime.openSpdy(target, protocols);
}

/** Joins a client that speaks SPDY with the runtime, byte by byte, until either of them leaves. */
export async function serveSpdy(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  runtime: Runtime,
  target: SpdyTarget,
): Promise<void> {
  const { connection, protocol } = await openSpdyOf(runtime, target, offered(request));
  client.write(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n' +
      `X-Stream-Protocol-Version: ${protocol.replace(/[^\w.]/g, '').slice(0, headerBytesMax)}\r\n\r\n`,
  );
  if (head.length > 0) client.unshift(head);
  await join(client, connection);
}

/** Both directions, with each side's own back-pressure; whoever ends first ends both. */
export async function join(client: Duplex, connection: Duplex): Promise<void> {
  const leave = () => {
    client.destroy();
    connection.destroy();
  };
  await Promise.race([pipeline(client, connection), pipeline(connection, client)]).catch(() => {});
  leave();
}
