import { constants } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ApiError } from '../../api/status.ts';
import type { Log } from '../../foundation/log.ts';
import { createSeats } from '../seats.ts';

/** PEM. `clientCa` verifies client certificates; who they are is the authenticator's question. */
export type Tls = { key: string | Buffer; cert: string | Buffer; clientCa?: string | Buffer };
export type Listen = { host: string; port: number };

export type Doors = {
  /** Where is listened, in the order asked for. */
  addresses(): { host: string; port: number }[];
  setTls(tls: Tls): void;
  connections(): number;
  /** Stops accepting, lets running requests end within `graceMs`, then cuts. */
  close(graceMs?: number): Promise<void>;
};

export type Handlers = {
  allow(remoteAddress: string): boolean;
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
};

export type ConnectionBounds = { connectionsMax: number; connectionsPerAddressMax: number };
/** The machine itself is not bounded apart: everything of the cluster that is not a pod comes from there. */
const defaultConnections: ConnectionBounds = { connectionsMax: 12_000, connectionsPerAddressMax: 500 };
/** Of all connections: so many pods that each has its part must not shut out what the cluster consists of. */
const localShare = 1 / 6;
const isLocal = (address: string) => address === '::1' || /^(::ffff:)?127\./.test(address);

/** How long a client may take for its part. */
export type Timeouts = { handshakeMs: number; headersMs: number; requestMs: number; checkEveryMs: number };
const defaultTimeouts: Timeouts = {
  handshakeMs: 10_000,
  headersMs: 15_000,
  requestMs: 120_000,
  checkEveryMs: 5000,
};
/** Longer than Go's 90 s, so that it is the client who closes an idle connection and no request meets a closing one. */
const idleMs = 100_000;
const headerBytesMax = 64 * 1024;

const tlsOptions = (tls: Tls) => ({
  ...{ key: tls.key, cert: tls.cert, ca: tls.clientCa },
  minVersion: 'TLSv1.3' as const,
  requestCert: true,
  rejectUnauthorized: false,
  // No resumption: a session must not outlive the certificate or the authority it was opened with.
  secureOptions: constants.SSL_OP_NO_TICKET,
});

/** Opens one TLS server behind as many TCP listeners as asked for. Rejects when an address cannot be had. */
export async function openDoors(
  listeners: Listen[],
  tls: Tls,
  handlers: Handlers,
  log: Log,
  { handshakeMs, headersMs, requestMs, checkEveryMs } = defaultTimeouts,
  bounds = defaultConnections,
): Promise<Doors> {
  const https = createHttpsServer({
    ...tlsOptions(tls),
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: handshakeMs,
    maxHeaderSize: headerBytesMax,
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: checkEveryMs,
    keepAliveTimeout: idleMs,
    noDelay: true,
  });
  const sockets = new Set<Socket>();
  https.on('request', handlers.request);
  https.on('upgrade', handlers.upgrade);
  https.on('clientError', answerMalformed);
  https.on('tlsClientError', (error, socket) => {
    log.debug('a TLS handshake failed', { remoteAddress: socket.remoteAddress, error });
    socket.destroy();
  });
  // It listens through others, and starts to watch over slow clients when it is told so.
  https.emit('listening');
  const accept = admitConnections(bounds, handlers, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    https.emit('connection', socket);
  });
  const servers: Server[] = [];
  try {
    for (const listener of listeners) servers.push(await listen(listener, accept));
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  return {
    addresses: () => servers.map((server) => addressOf(server)),
    setTls: (fresh) => https.setSecureContext(tlsOptions(fresh)),
    connections: () => sockets.size,
    close: (graceMs = 1000) => close(servers, https, sockets, graceMs),
  };
}

/** Cuts off whom the allow-list does not let in, and whoever has as many connections as one address may have. */
export function admitConnections(
  { connectionsMax, connectionsPerAddressMax }: ConnectionBounds,
  { allow }: Pick<Handlers, 'allow'>,
  accept: (socket: Socket) => void,
): (socket: Socket) => void {
  const seats = createSeats(connectionsMax, connectionsPerAddressMax, Math.floor(connectionsMax * localShare));
  return (socket) => {
    const address = socket.remoteAddress ?? '';
    const asked = isLocal(address) ? { most: connectionsMax, reserved: true } : {};
    const leave = allow(address) ? seats.take(address, asked) : undefined;
    if (leave === undefined) {
      socket.destroy();
      return;
    }
    socket.on('close', leave);
    accept(socket);
  };
}

function listen({ host, port }: Listen, accept: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createTcpServer({ noDelay: true }, accept);
    server.once('error', reject);
    server.listen({ host, port, backlog: 4096 }, () => {
      server.removeListener('error', reject);
      resolve(server);
    });
  });
}

function addressOf(server: Server): { host: string; port: number } {
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port };
}

async function close(servers: Server[], https: HttpsServer, sockets: Set<Socket>, graceMs: number): Promise<void> {
  const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
  https.closeIdleConnections();
  const deadline = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, graceMs);
  await Promise.all(closed);
  clearTimeout(deadline);
  https.close();
}

/** What is not HTTP, is too slow, or has too large headers, still gets a Status. */
function answerMalformed(error: Error & { code?: string }, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const late = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const code = tooLarge ? '431 Request Header Fields Too Large' : late ? '408 Request Timeout' : '400 Bad Request';
  const message = tooLarge
    ? `the headers are larger than ${headerBytesMax} bytes`
    : late
      ? 'the request took too long to arrive'
      : 'the request is not HTTP/1.1';
  const status = { ...new ApiError('BadRequest', message).toStatus(), code: Number(code.slice(0, 3)) };
  const body = JSON.stringify(status);
  const head = `HTTP/1.1 ${code}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}`;
  socket.end(`${head}\r\n\r\n${body}`);
}
