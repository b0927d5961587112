import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Log } from '../../foundation/log.ts';
import { type AnswerOptions, answer } from './answer.ts';

export type DnsServerOptions = AnswerOptions & {
  /** UDP answers must come from the address that was asked, so each is bound by itself. */
  address: string;
  /** 0 chooses one. */
  port: number;
  /** Who is answered at all. */
  mayAsk(clientAddress: string): boolean;
  log: Log;
};
export type DnsServer = { port: number; close(): Promise<void> };

const openConnectionsMax = 128;
/** So that one pod cannot use up what all share. */
const connectionsPerClientMax = 16;
const openAnswersMax = 1024;
const idleMs = 10_000;
/** No question is longer: a name of 255 bytes and a few options. */
const queryBytesMax = 1024;

/** Serves DNS over UDP and TCP. Rejects when the address cannot be bound. */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const connections = new Set<Socket>();
  const tcp = createServer((socket) => {
    const others = [...connections].filter(({ remoteAddress }) => remoteAddress === socket.remoteAddress);
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    if (others.length < connectionsPerClientMax) serveConnection(socket, options);
    else socket.destroy();
  });
  tcp.maxConnections = openConnectionsMax;
  tcp.listen(options.port, options.address);
  await once(tcp, 'listening').catch((error) => cannotListen(options, error));
  const { port } = tcp.address() as { port: number };
  const udp = createSocket('udp4');
  try {
    udp.bind(port, options.address);
    await once(udp, 'listening');
  } catch (error) {
    tcp.close();
    cannotListen(options, error);
  }
  serveDatagrams(udp, options);
  return {
    port,
    async close() {
      for (const socket of connections) socket.destroy();
      tcp.close();
      udp.close();
      await Promise.all([once(tcp, 'close'), once(udp, 'close')]);
    },
  };
}

function cannotListen({ address, port }: DnsServerOptions, cause: unknown): never {
  const taken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
  const advice = taken
    ? 'another server holds that port on every address: let it bind its own (dnsmasq: bind-interfaces)'
    : String(cause);
  throw new Error(`cluster DNS cannot listen on ${address}:${port}: ${advice}`, { cause });
}

function serveDatagrams(udp: UdpSocket, options: DnsServerOptions): void {
  let open = 0;
  let closed = false;
  udp.once('close', () => {
    closed = true;
  });
  udp.on('error', (error) => options.log.warn('DNS over UDP', { error }));
  udp.on('message', (packet, { address, port }) => {
    // What is too much is dropped: resolvers ask again.
    if (packet.length > queryBytesMax || open >= openAnswersMax || !options.mayAsk(address)) return;
    open++;
    answer(packet, address, false, options)
      .then((reply) => {
        if (reply !== undefined && !closed) udp.send(reply, port, address, () => {});
      })
      .catch((error) => options.log.error('a DNS question could not be answered', { error }))
      .finally(() => open--);
  });
}

/** Questions of one connection are answered one after the other, each after its two bytes of length. */
function serveConnection(socket: Socket, options: DnsServerOptions): void {
  const client = socket.remoteAddress ?? '';
  if (!options.mayAsk(client)) return void socket.destroy();
  socket.setTimeout(idleMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  answerAll(socket, client, options)
    .catch(() => {})
    .finally(() => socket.destroy());
}

async function answerAll(socket: Socket, client: string, options: DnsServerOptions): Promise<void> {
  let received = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2) {
      const length = received.readUInt16BE(0);
      if (length > queryBytesMax) return;
      if (received.length < 2 + length) break;
      const reply = await answer(received.subarray(2, 2 + length), client, true, options);
      if (reply === undefined) return;
      received = received.subarray(2 + length);
      const isTaken = socket.write(Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 255]), reply]));
      // Who asks and does not listen is read no further, and cut off when idle.
      if (!isTaken && !socket.destroyed) await drained(socket);
    }
  }
}

const drained = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const end = () => {
      socket.off('drain', end).off('close', end);
      resolve();
    };
    socket.on('drain', end).on('close', end);
  });
