import type { IncomingHttpHeaders, IncomingMessage, RequestOptions, ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream';
import { ApiError } from '../../api/status.ts';
import { plainHttp } from '../../foundation/plain-http.ts';
import type { Context, Reply } from '../context.ts';
import { redirectedThroughProxy, rewriteLinks } from './links.ts';

/** Where to send a request on to; `identity` is only for node agents. */
export type Destination = {
  scheme: 'http' | 'https';
  host: string;
  port: number;
  path: string;
  identity?: { key: string | Buffer; cert: string | Buffer; ca: string | Buffer };
  /** Given where pages and redirections of the far end are to work below the URL of the request: a proxy. */
  prefix?: string;
};

const answerMs = 30_000;
/**
 * Of the connection, not of the message (RFC 9110, 7.6.1), or credentials that go no further: a subprotocol of WebSocket
 * may be a token.
 */
const dropped = [
  ...['authorization', 'connection', 'cookie', 'expect', 'host', 'keep-alive', 'proxy-authorization'],
  ...['proxy-connection', 'te', 'trailer', 'upgrade', 'sec-websocket-protocol'],
];

/** Sends the request on and streams the answer back as it comes. Throws ServiceUnavailable when nobody answers. */
export async function forward({ request, log }: Context, to: Destination): Promise<Reply> {
  const { connection } = request;
  if (connection?.response === undefined)
    throw new ApiError('BadRequest', 'a stream can only be had over a connection of its own');
  const { response, request: incoming } = connection;
  const headers: IncomingHttpHeaders = { ...incoming.headers };
  for (const name of Object.keys(headers))
    if (dropped.includes(name) || name.startsWith('impersonate-')) delete headers[name];
  // Links are only found in what is not compressed.
  if (to.prefix !== undefined) delete headers['accept-encoding'];
  const options: RequestOptions & { rejectUnauthorized?: boolean } = {
    ...{ method: request.method, host: to.host, port: to.port, path: to.path, headers, signal: goneSignal(response) },
    ...to.identity,
    // A pod's own certificate is nobody's here to know; upstream does not check it either.
    ...(to.identity === undefined ? { rejectUnauthorized: false } : {}),
    agent: false,
  };
  return new Promise((resolve, reject) => {
    const outgoing = (to.scheme === 'https' ? httpsRequest : plainHttp.request)(options, (answer) => {
      outgoing.setTimeout(0);
      const own = { ...answer.headers };
      delete own.connection;
      delete own['keep-alive'];
      const stages = to.prefix === undefined ? [] : below(to.prefix, to, incoming, own);
      try {
        response.writeHead(answer.statusCode ?? 502, own);
      } catch (error) {
        // A pod may answer what no server may say, such as a code of 99: nobody else would catch it.
        outgoing.destroy(error as Error);
        return;
      }
      // A line of a log is wanted now, not when a buffer is full.
      response.flushHeaders();
      pipeline([answer, ...stages, response], () => {});
      resolve({ code: answer.statusCode ?? 502, body: { form: 'taken' } });
    });
    outgoing.setTimeout(answerMs, () => outgoing.destroy(new Error(`no answer within ${answerMs} ms`)));
    const fail = (error: Error) => {
      const message = `error trying to reach ${to.host}:${to.port}: ${error.message}`;
      reject(new ApiError('ServiceUnavailable', message, undefined, { cause: error }));
    };
    outgoing.on('error', (error) => {
      if (response.headersSent) {
        log.debug('a forwarded stream broke', { error });
        response.destroy();
      }
      fail(error);
    });
    // Who answers with an upgrade is left without an error, and without an answer.
    outgoing.on('close', () => fail(new Error('it closed the connection without an answer')));
    // Now: headers that cannot be sent would be told later where nobody catches it, and that ends the process.
    outgoing.flushHeaders();
    incoming.pipe(outgoing);
  });
}

/** Aborted when the client goes away. */
function goneSignal(response: ServerResponse): AbortSignal {
  const abort = new AbortController();
  if (response.closed) abort.abort();
  else response.once('close', () => abort.abort());
  return abort.signal;
}

/** Changes the headers of an answer so that it works below `prefix`; what else its body has to go through. */
function below(prefix: string, to: Destination, incoming: IncomingMessage, headers: IncomingHttpHeaders) {
  const { host, port, path } = to;
  const place = { prefix, hosts: [`${host}:${port}`, host, (incoming.headers.host ?? '').toLowerCase()] };
  if (headers.location !== undefined) headers.location = redirectedThroughProxy(headers.location, path, place);
  if (!/^text\/html\b/i.test(headers['content-type'] ?? '') || headers['content-encoding']) return [];
  delete headers['content-length'];
  return [rewriteLinks(place)];
}
