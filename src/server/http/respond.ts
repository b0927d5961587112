import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { createGzip, gzip } from 'node:zlib';
import type { Clock } from '../../foundation/clock.ts';
import type { Handled } from '../pipeline.ts';
import type { ServerRequest } from '../request.ts';
import { drained } from './drained.ts';
import { type Encoded, encodeBody } from './encode.ts';
import { negotiate, plainJson } from './negotiate.ts';
import { includeObjectOf, type Shape } from './shapes.ts';
import { writeWatch } from './watch-writer.ts';

/** Smaller answers cost more to compress than to send (upstream's threshold). */
const gzipBytesMin = 128 * 1024;
const gzipAsync = promisify(gzip);

/** A client that takes nothing of a large answer for so long is cut off: what it leaves is held in memory. */
const stalledMsMax = 60_000;
const largeBytesMin = 64 * 1024;

/** Writes what the pipeline answered. Resolves when it is written or the client is gone. */
export async function respond(
  handled: Handled,
  request: ServerRequest,
  response: ServerResponse,
  clock: Clock,
  stalledMs = stalledMsMax,
): Promise<void> {
  const { reply, target } = handled;
  const { body } = reply;
  if (body.form === 'taken') return;
  const headers = headersOf(handled);
  const shape: Shape = {
    // An error is told in JSON whatever was asked for: it must always get through.
    format: body.form === 'value' || body.form === 'bytes' ? plainOr(request.accept) : negotiate(request.accept),
    includeObject: target === undefined ? 'Metadata' : includeObjectOf(target.query),
    nowMs: clock.now(),
  };
  if (body.form === 'watch') {
    const { mayGoOn } = handled;
    return writeWatch(body.source, shape, { request, response, headers, clock, stalledMs, mayGoOn });
  }
  const encoded = await encodeBody(body, shape);
  headers['Content-Type'] ??= encoded.contentType;
  if (request.method === 'HEAD') {
    response.writeHead(reply.code, headers).end();
    return;
  }
  if (encoded.sizeBytes >= largeBytesMin) response.setTimeout(stalledMs);
  const compress = encoded.sizeBytes >= gzipBytesMin && /\bgzip\b/.test(request.acceptEncoding);
  if (compress) return writeCompressed(encoded, reply.code, headers, response);
  headers['Content-Length'] = String(encoded.sizeBytes);
  response.writeHead(reply.code, headers);
  if (encoded.bytes !== undefined) response.end(encoded.bytes);
  else await writePieces(encoded.pieces!, response);
}

function plainOr(accept: string) {
  try {
    const format = negotiate(accept);
    return format.as === undefined ? format : plainJson;
  } catch {
    return plainJson;
  }
}

function headersOf({ reply, warnings, auditId }: Handled): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {
    'Audit-Id': auditId,
    'Cache-Control': 'no-cache, private',
    ...reply.headers,
  };
  if (warnings.length > 0) headers['Warning'] = warnings.map((text) => `299 - "${quoted(text)}"`);
  return headers;
}

/** A header carries printable ASCII only: the rest is replaced. */
const quoted = (text: string) => text.replace(/[^\x20-\x7e]/g, '?').replace(/[\\"]/g, '\\$&');

async function writeCompressed(
  { bytes, pieces }: Encoded,
  code: number,
  headers: Record<string, string | string[]>,
  response: ServerResponse,
): Promise<void> {
  headers['Content-Encoding'] = 'gzip';
  headers['Vary'] = 'Accept-Encoding';
  if (bytes !== undefined) {
    const compressed = await gzipAsync(bytes, { level: 1 });
    headers['Content-Length'] = String(compressed.length);
    response.writeHead(code, headers).end(compressed);
    return;
  }
  response.writeHead(code, headers);
  const stream = createGzip({ level: 1 });
  stream.on('error', () => response.destroy());
  response.on('close', () => stream.destroy());
  stream.pipe(response);
  for (const piece of pieces!) {
    if (stream.destroyed) return;
    if (!stream.write(piece)) await drained(stream);
  }
  stream.end();
}

async function writePieces(pieces: Iterable<Buffer>, response: ServerResponse): Promise<void> {
  for (const piece of pieces) {
    if (response.destroyed || response.closed) return;
    if (!response.write(piece)) await drained(response);
  }
  response.end();
}
