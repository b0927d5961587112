import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { ApiError } from '../../api/status.ts';
import { readLog } from '../logs/read.ts';
import type { Runtime, Sandbox } from '../runtimes/runtime.ts';
import { containerOf, type LogTarget, logOptionsOf } from './target.ts';

export type LogOptions = {
  runtime: Runtime;
  findSandboxes(namespace: string, pod: string): Promise<Sandbox[]>;
};

export type Logs = {
  /** By HTTP, line by line as they are written. Rejects with ApiError before anything was sent. */
  send(target: LogTarget, url: URL, response: ServerResponse): Promise<void>;
  /** The same by WebSocket: how programs in browsers read. */
  upgrade(target: LogTarget, url: URL, request: IncomingMessage, client: Duplex, head: Buffer): Promise<void>;
};

const readersMax = 512;
const base64 = 'base64.binary.k8s.io';
/** Without a subprotocol messages are binary, too. */
const protocols = ['binary.k8s.io', base64];
/** Readers only listen. */
const messageBytesMax = 1024;

export function createLogs({ runtime, findSandboxes }: LogOptions): Logs {
  let readers = 0;
  const sockets = new WebSocketServer({
    ...{ noServer: true, maxPayload: messageBytesMax, perMessageDeflate: false },
    handleProtocols: (offered) => protocols.find((protocol) => offered.has(protocol)) ?? false,
  });

  /** Gives `serve` what the log says; a place among the readers is held meanwhile. */
  async function read(target: LogTarget, url: URL, serve: (open: (left: AbortSignal) => Readable) => Promise<void>) {
    if (readers >= readersMax) throw new ApiError('TooManyRequests', `this node already serves ${readersMax} logs`);
    readers += 1;
    try {
      const options = logOptionsOf(url, Date.now());
      const previous = url.searchParams.get('previous') === 'true';
      const container = containerOf(await findSandboxes(target.namespace, target.pod), target, previous);
      const isRunning = async () => {
        const state = (await runtime.containerStatus(container.id))?.state;
        return state === 'running' || state === 'created';
      };
      if (url.searchParams.get('follow') === 'true') options.follow = { isRunning };
      await serve((left) => Readable.from(readLog(container.logPath, options, left), { objectMode: false }));
    } finally {
      readers -= 1;
    }
  }

  return {
    send: (target, url, response) =>
      read(target, url, async (open) => {
        const left = new AbortController();
        response.on('close', () => left.abort());
        response.writeHead(200, { 'content-type': 'text/plain' });
        // Follows may be silent for hours: the client must know that they began.
        response.flushHeaders();
        await pipeline(open(left.signal), response);
      }),
    upgrade: (target, url, request, client, head) =>
      read(target, url, async (open) => {
        const socket = await new Promise<WebSocket>((resolve, reject) => {
          client.once('close', () => reject(new Error('the client left during the handshake')));
          sockets.handleUpgrade(request, client, head, resolve);
        });
        const left = new AbortController();
        socket.on('close', () => left.abort()).on('error', () => left.abort());
        for await (const piece of open(left.signal)) await sendPiece(socket, piece as Buffer);
        socket.close(1000);
      }),
  };
}

const sendPiece = (socket: WebSocket, piece: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    const message = socket.protocol === base64 ? piece.toString('base64') : piece;
    socket.send(message, (error) => (error ? reject(error) : resolve()));
  });
