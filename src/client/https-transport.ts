import type { ClientRequest, IncomingMessage, Agent as PlainAgent } from 'node:http';
import { Agent, request as tlsRequest } from 'node:https';
import { plainHttp } from '../foundation/plain-http.ts';
import { errorOf } from './client.ts';
import { type Connection, type Material, readMaterial, versionOf } from './connection.ts';
import { createLineSplitter } from './lines.ts';
import type { Transport, TransportRequest } from './transport.ts';

export type HttpsTransportOptions = {
  userAgent?: string;
  /** An answer must have begun after this many milliseconds. */
  timeoutMs?: number;
  /** Connections at once; more requests wait. Watches are not counted. */
  connectionsMax?: number;
  /** A longer answer is a BodyTooLarge. */
  bodyMaxBytes?: number;
};

/** An answer is longer than its reader wants to hold. */
export class BodyTooLarge extends Error {}

const lineMaxBytes = 16 * 1024 * 1024;
const filesCheckedEveryMs = 10_000;

/**
 * A transport over HTTPS (plain HTTP only where the address says so, as behind `kubectl proxy`). Connections are kept
 * open; certificates and tokens that are files are read again when they change, and idle connections with the old
 * certificate are closed.
 */
export function createHttpsTransport(connection: Connection, options: HttpsTransportOptions = {}): Transport {
  const base = new URL(connection.server);
  const secure = base.protocol === 'https:';
  const { timeoutMs = 60_000, bodyMaxBytes = 512 * 1024 * 1024 } = options;
  const prefix = base.pathname.replace(/\/$/, '');
  let identity = open();
  let checkedAtMs = performance.now();

  function open() {
    const material = readMaterial(connection);
    return { material, agent: agentFor(material, options.connectionsMax ?? 32), version: versionOf(connection) };
  }

  function agentFor({ ca, cert, key }: Material, maxSockets: number): PlainAgent {
    const shared = { keepAlive: true, keepAliveMsecs: 15_000, maxSockets, maxFreeSockets: 8 };
    if (!secure) return new plainHttp.Agent(shared);
    const servername = connection.tlsServerName;
    const rejectUnauthorized = connection.insecureSkipTlsVerify !== true;
    return new Agent({ ...shared, ca, cert, key, minVersion: 'TLSv1.2', rejectUnauthorized, servername });
  }

  /** A file that is being replaced may be unreadable for a moment: then the old identity serves on. */
  function current(): typeof identity {
    if (performance.now() - checkedAtMs < filesCheckedEveryMs) return identity;
    checkedAtMs = performance.now();
    try {
      if (versionOf(connection) !== identity.version) renew();
    } catch {}
    return identity;
  }

  function renew(): typeof identity {
    const renewed = open();
    for (const sockets of Object.values(identity.agent.freeSockets)) for (const one of sockets ?? []) one.destroy();
    identity = renewed;
    return identity;
  }

  function begin(request: TransportRequest, agent: PlainAgent, signal?: AbortSignal): Promise<IncomingMessage> {
    const { material } = identity;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const headers: Record<string, string | number> = { accept: request.accept ?? 'application/json' };
    if (options.userAgent) headers['user-agent'] = options.userAgent;
    if (material.token) headers['authorization'] = `Bearer ${material.token}`;
    if (body) {
      headers['content-type'] = request.contentType ?? 'application/json';
      headers['content-length'] = body.length;
    }
    const outgoing: ClientRequest = (secure ? tlsRequest : plainHttp.request)({
      host: base.hostname.replace(/^\[|\]$/g, ''),
      port: base.port || (secure ? 443 : 80),
      path: prefix + request.path,
      method: request.method,
      agent,
      headers,
      signal,
    });
    const timer = setTimeout(
      () => outgoing.destroy(new Error(`no answer from ${connection.server} within ${timeoutMs} ms`)),
      timeoutMs,
    );
    outgoing.once('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    outgoing.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    outgoing.end(body);
    return promise;
  }

  return {
    async send(request) {
      let response = await begin(request, current().agent, request.signal);
      if (response.statusCode === 401 && connection.plugin) {
        // What a login plugin gave may be withdrawn before it expires.
        response.resume();
        connection.plugin.forget();
        response = await begin(request, renew().agent, request.signal);
      }
      response.setTimeout(timeoutMs, () => response.destroy(new Error('the answer stopped half way')));
      return {
        code: response.statusCode!,
        body: await readBody(response, bodyMaxBytes),
        warnings: warningsOf(response),
      };
    },

    async stream(request, onEvent, signal) {
      if (signal.aborted) return;
      const agent = agentFor(current().material, 1);
      try {
        const response = await begin(request, agent, signal);
        if (response.statusCode !== 200) throw errorOf(response.statusCode!, await readBody(response, bodyMaxBytes));
        const push = createLineSplitter(lineMaxBytes, (line) => onEvent(JSON.parse(line)));
        for await (const chunk of response) push(chunk);
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        agent.destroy();
      }
    },

    close() {
      identity.agent.destroy();
    },
  };
}

async function readBody(response: IncomingMessage, bodyMaxBytes: number): Promise<any> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response) {
    sizeBytes += chunk.length;
    if (sizeBytes > bodyMaxBytes) throw new BodyTooLarge(`the answer is larger than ${bodyMaxBytes} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (!(response.headers['content-type'] ?? '').includes('json')) return text;
  return JSON.parse(text);
}

/** The texts of `Warning: 299 - "text"` headers. */
function warningsOf(response: IncomingMessage): string[] {
  const header = response.headers['warning'];
  const lines = typeof header === 'string' ? [header] : [];
  return lines
    .flatMap((line) => [...line.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)])
    .map((match) => match[1]!.replace(/\\(.)/g, '$1'));
}
