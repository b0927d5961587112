import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { KubeletFacts } from '../../api/host-facts.ts';
import { ApiError } from '../../api/status.ts';
import type { Log } from '../../foundation/log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Runtime, Sandbox } from '../runtimes/runtime.ts';
import type { Stats } from '../stats/stats.ts';
import type { Access } from './access.ts';
import { createLogs, type Logs } from './logs.ts';
import { targetOf } from './target.ts';
import { createUpgrades } from './upgrades.ts';

/** PEM. `ca` is what the API server's client certificate must be signed by. */
export type KubeletTls = { key: string; cert: string; ca: string };

export type KubeletServerOptions = {
  address: string;
  /** 0 takes a free one. */
  port: number;
  tls: KubeletTls;
  /** Asked before TLS: may this address connect at all? */
  allowConnection(remoteAddress: string): boolean;
  /** Who may do what once connected; see access.ts. */
  access: Access;
  runtime: Runtime;
  log: Log;
  /** Every sandbox of a pod with its containers, whatever their state; none when the pod is not here. */
  findSandboxes(namespace: string, pod: string): Promise<Sandbox[]>;
  /** A v1.PodList of what runs here. */
  pods(): object;
  stats: Stats;
  metrics: Metrics;
  /** What is wrong with the agent, or undefined. */
  unhealthy(): string | undefined;
  /** Default 4 h, as kubelet's. */
  idleMsMax?: number;
  streamsMax?: number;
};

export type KubeletServer = {
  port: number;
  /** What it is set to, in the terms of a kubelet. */
  facts: Pick<KubeletFacts, (typeof servedFacts)[number]>;
  /** New connections use the new certificate; those that stand go on. */
  renew(tls: KubeletTls): void;
  close(): Promise<void>;
};

const servedFacts = [
  ...(['anonymousAuthentication', 'authorization', 'clientAuthority', 'readOnlyPort'] as const),
  ...(['streamingIdleSeconds', 'servingCertificate', 'minimumTls'] as const),
] as const;

const hours = 3_600_000;

/**
 * The kubelet's API over TLS 1.3. Who shows no certificate may still have a token, which is why TLS asks for one and does
 * not insist; nobody is served without either. Resolves when it listens.
 */
export async function createKubeletServer(options: KubeletServerOptions): Promise<KubeletServer> {
  const { log, idleMsMax = 4 * hours, streamsMax = 512 } = options;
  const secure = { ...options.tls, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.3' } as const;
  const server: Server = createServer({ ...secure, maxHeaderSize: 64 * 1024, requestTimeout: 30_000 });
  const upgrades = createUpgrades({ ...options, idleMsMax, streamsMax });
  const logs = createLogs(options);
  const route = createRoutes(options, logs);

  server.on('connection', (socket) => {
    if (!options.allowConnection(socket.remoteAddress ?? '')) socket.destroy();
  });
  server.on('request', (request, response) => {
    route(request, response).catch((error) => {
      if (!response.headersSent) answer(response, error);
      else response.destroy();
    });
  });
  server.on('upgrade', (request, client: Duplex, head: Buffer) => {
    // From here on the socket is nobody else's: a client that resets it must not end the process.
    client.on('error', (error) => log.debug('a stream broke', { error: error.message }));
    const refuse = (error: unknown) => {
      const { code, body } = statusOf(error);
      const head = `HTTP/1.1 ${code} ${code}\r\nContent-Type: application/json\r\nConnection: close\r\n`;
      client.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () => client.destroy());
    };
    try {
      options.access.toContainers(request);
      const url = urlOf(request);
      const target = targetOf(url);
      if (target === undefined) throw new ApiError('NotFound', 'nothing to upgrade here');
      if (target.kind === 'logs') logs.upgrade(target, url, request, client, head).catch(refuse);
      else upgrades(target, url, request, client, head).catch(refuse);
    } catch (error) {
      refuse(error);
    }
  });
  server.on('tlsClientError', (error) => log.debug('a client was refused', { error: error.message }));
  server.listen(options.port, options.address);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    facts: {
      anonymousAuthentication: false,
      authorization: 'Webhook',
      clientAuthority: secure.ca !== '',
      readOnlyPort: 0,
      streamingIdleSeconds: idleMsMax / 1000,
      servingCertificate: secure.cert !== '',
      minimumTls: secure.minVersion,
    },
    renew: (tls) => server.setSecureContext({ ...tls, minVersion: 'TLSv1.3' }),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

const urlOf = (request: IncomingMessage) => {
  try {
    return new URL(request.url ?? '/', 'https://kubelet');
  } catch {
    throw new ApiError('BadRequest', 'the path of the request is no URL');
  }
};

function createRoutes(options: KubeletServerOptions, logs: Logs) {
  const pages: Record<string, (response: ServerResponse) => Promise<void> | void> = {
    '/healthz': (response) => {
      const problem = options.unhealthy();
      if (problem !== undefined) throw new ApiError('InternalError', problem);
      text(response, 'ok');
    },
    '/pods': (response) => json(response, options.pods()),
    '/runningpods': (response) => json(response, options.pods()),
    '/stats/summary': async (response) => json(response, await options.stats.summary()),
    '/metrics': async (response) => text(response, await options.metrics.kubelet()),
    '/metrics/cadvisor': async (response) => text(response, await options.metrics.cadvisor()),
    '/metrics/resource': async (response) => text(response, await options.metrics.resource()),
  };
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = urlOf(request);
    const path = url.pathname.replace(/\/$/, '');
    if (Object.hasOwn(pages, path)) {
      await options.access.toPage(request, path);
      if (!['GET', 'HEAD'].includes(request.method ?? ''))
        throw new ApiError('MethodNotAllowed', `${path} is only read`);
      return pages[path]!(response);
    }
    options.access.toContainers(request);
    const target = targetOf(url);
    if (target?.kind !== 'logs') throw new ApiError('NotFound', `no ${url.pathname} on this node`);
    await logs.send(target, url, response);
  };
}

function json(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function text(response: ServerResponse, value: string): void {
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(value);
}

function statusOf(error: unknown): { code: number; body: string } {
  const known = error instanceof ApiError ? error : new ApiError('InternalError', (error as Error).message);
  return { code: known.code, body: JSON.stringify(known.toStatus()) };
}

function answer(response: ServerResponse, error: unknown): void {
  const { code, body } = statusOf(error);
  response.writeHead(code, { 'content-type': 'application/json' }).end(body);
}
