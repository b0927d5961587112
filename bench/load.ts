import { connect, type TLSSocket } from 'node:tls';
import type { Target } from './target.ts';

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
  let received: Buffer[] = [];
  let waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;
  socket.on('data', (chunk: Buffer) => {
    received.push(chunk);
    const all = received.length === 1 ? chunk : Buffer.concat(received);
    const answer = readAnswer(all);
    received = answer ? [] : [all];
    if (answer) waiting?.resolve(answer);
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

/** Undefined while the answer is not complete. */
function readAnswer(data: Buffer): Answer | undefined {
  const end = data.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = data.toString('latin1', 0, end);
  const code = Number(head.slice(9, 12));
  const length = /content-length: (\d+)/i.exec(head);
  const bodyStart = end + 4;
  if (length) {
    const total = bodyStart + Number(length[1]);
    return data.length < total ? undefined : { code, bytes: total, body: data.subarray(bodyStart, total) };
  }
  const last = data.subarray(-5).toString('latin1');
  return last === '0\r\n\r\n' ? { code, bytes: data.length, body: data.subarray(bodyStart) } : undefined;
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
