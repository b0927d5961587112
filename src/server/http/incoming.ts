import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { ApiError } from '../../api/status.ts';
import type { Services } from '../context.ts';
import type { Authenticator } from '../contracts.ts';
import type { Limits } from '../limits.ts';
import { handle } from '../pipeline.ts';
import type { ServerRequest } from '../request.ts';
import { createBodyReader } from './body-reader.ts';
import { respond } from './respond.ts';

/** Bodies that are being read right now, all together. */
const readBody = createBodyReader(256 * 1024 * 1024);

type Upgrade = { socket: Duplex; head: Buffer };

/** Takes a request from its connection through the pipeline to its response. */
export async function serve(
  services: Services,
  limits: Limits,
  request: IncomingMessage,
  response: ServerResponse | undefined,
  upgrade?: Upgrade,
): Promise<void> {
  // Gone before its turn (turn.ts): who asked is not known any more, and would be taken for nobody in the audit.
  if (request.destroyed) return;
  // After an upgrade nobody else listens for errors of the connection, and one that is not heard ends the process.
  upgrade?.socket.on('error', () => upgrade.socket.destroy());
  const asked = toServerRequest(request, response, upgrade);
  const handled = await handle(services, limits, asked, () => identify(services, request, asked.remoteAddress));
  try {
    if (response !== undefined) await respond(handled, asked, response, services.clock);
    else if (handled.reply.body.form !== 'taken') refuseUpgrade(upgrade!.socket, handled.reply);
  } catch (error) {
    await answerLate(services, error, response);
  } finally {
    const stream = response ?? upgrade!.socket;
    if (handled.reply.body.form !== 'taken' || stream.closed) handled.finish();
    else stream.once('close', handled.finish);
  }
}

/** Failed after the pipeline: nothing was sent yet (406), or the connection is all that can be taken back. */
async function answerLate({ log }: Services, error: unknown, response: ServerResponse | undefined): Promise<void> {
  if (response === undefined || response.headersSent || !(error instanceof ApiError)) {
    log.error('a response failed', { error });
    response?.destroy();
    return;
  }
  response.writeHead(error.code, { 'Content-Type': 'application/json' }).end(JSON.stringify(error.toStatus()));
}

function toServerRequest(
  request: IncomingMessage,
  response: ServerResponse | undefined,
  upgrade: Upgrade | undefined,
): ServerRequest {
  const { headers } = request;
  const connection: NonNullable<ServerRequest['connection']> = { request };
  if (response !== undefined) connection.response = response;
  if (upgrade !== undefined) connection.upgrade = upgrade;
  return {
    method: request.method ?? 'GET',
    url: request.url ?? '/',
    accept: text(headers.accept),
    contentType: text(headers['content-type']),
    acceptEncoding: text(headers['accept-encoding']),
    userAgent: text(headers['user-agent']),
    ifNoneMatch: text(headers['if-none-match']),
    remoteAddress: plainAddress(request.socket.remoteAddress),
    readBody: () => readBody(request),
    connection,
  };
}

const text = (value: string | string[] | undefined) => (Array.isArray(value) ? value.join(',') : (value ?? ''));

/** An IPv4 address that came in on an IPv6 socket is still an IPv4 address. */
const plainAddress = (address = '') => (address.startsWith('::ffff:') ? address.slice(7) : address);

type Identity = {
  certificate: Uint8Array | undefined;
  /** Why a certificate that was shown does not count. */
  rejected: string;
};
const identities = new WeakMap<Socket, Identity>();

/** The certificate of a connection never changes: it is looked at once. */
function identityOf(socket: TLSSocket): Identity {
  let identity = identities.get(socket);
  if (identity === undefined) {
    const raw = socket.getPeerX509Certificate()?.raw;
    const rejected = raw === undefined || socket.authorized ? '' : rejectionOf(socket);
    identity = { certificate: socket.authorized ? raw : undefined, rejected };
    identities.set(socket, identity);
  }
  return identity;
}

function rejectionOf(socket: TLSSocket): string {
  const { validFrom, validTo } = socket.getPeerX509Certificate()!;
  const now = `(server time ${new Date().toISOString()})`;
  // Node gives the code of OpenSSL as a string, whatever its types say
  switch (String(socket.authorizationError)) {
    case 'CERT_HAS_EXPIRED':
      return `the client certificate expired at ${validTo} ${now}: get a new kubeconfig by "rempart up", or check the clocks`;
    case 'CERT_NOT_YET_VALID':
      return `the client certificate is not valid before ${validFrom} ${now}: check the clocks`;
    default:
      return 'the client certificate was not issued by this cluster: use a kubeconfig of this cluster';
  }
}

function identify({ defences }: Services, request: IncomingMessage, remoteAddress: string): ReturnType<Authenticator> {
  const { certificate, rejected } = identityOf(request.socket as TLSSocket);
  const bearerToken = bearerOf(request.headers);
  if (rejected !== '' && bearerToken === undefined) throw new ApiError('Unauthorized', rejected);
  const isLent = certificate !== undefined || request.headers.authorization !== undefined;
  if (isLent && isOfForeignPage(request))
    throw new ApiError('Forbidden', 'a page of another site asks with credentials that are not its own');
  return defences.authenticate({ certificate, bearerToken, remoteAddress, request });
}

/**
 * Browsers show a certificate, and `kubectl proxy` what its user has, also for what pages of other sites send: those cannot
 * read the answer, but it would be done. A link may be followed. https://www.w3.org/TR/fetch-metadata/
 */
function isOfForeignPage({ method, headers }: IncomingMessage): boolean {
  const isLink = method === 'GET' && headers['sec-fetch-mode'] === 'navigate';
  return !isLink && /^(cross|same)-site$/.test(text(headers['sec-fetch-site']));
}

const bearerProtocol = 'base64url.bearer.authorization.k8s.io.';

/** From the header or, as browsers and client-go's WebSockets do, from a subprotocol. */
function bearerOf({ authorization, 'sec-websocket-protocol': protocols }: IncomingHttpHeaders): string | undefined {
  const match = authorization === undefined ? null : /^Bearer +(\S+)$/i.exec(authorization);
  if (match !== null) return match[1];
  const names = protocols?.split(',').map((name) => name.trim());
  const encoded = names?.find((name) => name.startsWith(bearerProtocol))?.slice(bearerProtocol.length);
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64url').toString();
}

function refuseUpgrade(socket: Duplex, { code, body }: Awaited<ReturnType<typeof handle>>['reply']): void {
  const text = JSON.stringify(body.form === 'value' ? body.value : {});
  const head = `HTTP/1.1 ${code} Refused\r\nConnection: close\r\nContent-Type: application/json`;
  socket.end(`${head}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
}
