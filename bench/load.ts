import { connect, type TLSSocket } from 'node:tls';
import type { Target } from './target.ts';

/** `body` holds at most the first pieces of a large one. */
export type Answer = { code: number; bytes: number; body: Buffer };

/**
 * One connection that asks one thing at a time, with as little work per request as possible: the load generator shares
 * the machine with what it measures.
 */
export type LoadConnection = {
  request(method: string, path: string, body?: string, contentType?: string): Promise<Answer>;
  close(): void;
};

export async function openConnection(target: Target): Promise<LoadConnection> {
  const socket = await dial(target);
  let answer = startAnswer();
  let waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;
  socket.on('data', (chunk: Buffer) => {
    const complete = answer(chunk);
    if (!complete) return;
    answer = startAnswer();
    waiting?.resolve(complete);
  });
  socket.on('error', (error) => waiting?.reject(error));
  socket.on('close', () => waiting?.reject(new Error('the server closed the connection')));
  return {
    request(method, path, body = '', contentType = 'application/json') {
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        const head = `${method} ${path} HTTP/1.1\r\nHost: ${target.host}\r\n${target.authorization}`;
        const content =
          body === '' ? '' : `Content-Type: ${contentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
        socket.write(`${head}${content}\r\n${body}`);
      });
    },
    close: () => socket.destroy(),
  };
}

export function dial({ host, port, ca, cert, key }: Target): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, ca, cert, key, ALPNProtocols: ['http/1.1'] }, () => resolve(socket));
    socket.setNoDelay(true);
    socket.once('error', reject);
  });
}

/**
 * Watches `path` and counts what is added by the one mark that each such event has, without decoding: the client must not
 * be what is measured.
 */
export async function openWatch(target: Target, path: string, onAdded: (count: number) => void): Promise<TLSSocket> {
  const socket = await dial(target);
  const mark = Buffer.from('"type":"ADDED"');
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    const data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let count = 0;
    let from = 0;
    for (let at = data.indexOf(mark); at >= 0; at = data.indexOf(mark, from)) {
      count++;
      from = at + mark.length;
    }
    // A mark may be cut in two by the end of the chunk.
    rest = data.subarray(Math.max(from, data.length - mark.length + 1));
    if (count > 0) onAdded(count);
  });
  socket.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('a watch did not begin within 10 s')), 10_000);
    socket.once('data', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${target.host}\r\n${target.authorization}\r\n`);
  });
  return socket;
}

/** Takes the pieces of one answer and returns it with the last of them. Large bodies are counted, not joined. */
function startAnswer(): (chunk: Buffer) => Answer | undefined {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let head: { code: number; start: number; length: number | undefined } | undefined;
  return (chunk) => {
    chunks.push(chunk);
    bytes += chunk.length;
    head ??= readHead(chunks.length === 1 ? chunk : Buffer.concat(chunks));
    if (!head) return undefined;
    const { code, start, length } = head;
    const ended = length === undefined ? chunk.subarray(-5).equals(lastChunk) : bytes >= start + length;
    return ended ? { code, bytes, body: Buffer.concat(chunks.slice(0, 4)).subarray(start) } : undefined;
  };
}

const lastChunk = Buffer.from('0\r\n\r\n');

function readHead(data: Buffer) {
  const end = data.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = data.toString('latin1', 0, end);
  const length = /content-length: (\d+)/i.exec(head)?.[1];
  return { code: Number(head.slice(9, 12)), start: end + 4, length: length === undefined ? undefined : Number(length) };
}

/** Runs `work` over all connections until `count` requests are done; returns each duration in milliseconds, sorted. */
export async function drive(
  connections: LoadConnection[],
  count: number,
  work: (connection: LoadConnection, index: number) => Promise<Answer>,
): Promise<{ seconds: number; durationsMs: number[] }> {
  const durationsMs: number[] = [];
  let next = 0;
  const startedMs = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      while (next < count) {
        const index = next++;
        const beganMs = performance.now();
        const { code, body } = await work(connection, index);
        if (code >= 300)
          throw new Error(`request ${index} was answered with ${code}: ${body.toString('utf8', 0, 300)}`);
        durationsMs.push(performance.now() - beganMs);
      }
    }),
  );
  const seconds = (performance.now() - startedMs) / 1000;
  return { seconds, durationsMs: durationsMs.sort((a, b) => a - b) };
}

export const percentile = (sorted: number[], part: number): number =>
  sorted[Math.floor((sorted.length - 1) * part)] ?? 0;
export const median = (values: number[]): number =>
  percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
