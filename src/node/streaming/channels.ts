import type { Readable, Writable } from 'node:stream';
import type { WebSocket } from 'ws';

/**
 * Several streams over one WebSocket: the first byte of every message is its channel, in base64 protocols as a digit.
 * Neither side can make the other hold more than about 1 MiB, and one message (held.ts): a slow client stops the stream
 * towards it, a slow reader of ours stops the client.
 */
const bufferedBytesMax = 1024 * 1024;
const zero = '0'.charCodeAt(0);
const isBase64 = ({ protocol }: WebSocket) => protocol.endsWith('base64.channel.k8s.io');

export function send(socket: WebSocket, channel: number, content: Buffer, sent?: () => void): void {
  if (socket.readyState !== socket.OPEN) return;
  if (isBase64(socket)) socket.send(String.fromCharCode(zero + channel) + content.toString('base64'), sent);
  else socket.send(Buffer.concat([Buffer.from([channel]), content]), { binary: true }, sent);
}

/** An empty message is of no channel. */
export function read(socket: WebSocket, message: Buffer): { channel: number; content: Buffer } {
  const first = message[0] ?? Number.NaN;
  if (!isBase64(socket)) return { channel: first, content: message.subarray(1) };
  return { channel: first - zero, content: Buffer.from(message.toString('latin1', 1), 'base64') };
}

/** Sends what a stream gives. Resolves when it has ended and is sent, or is broken (which its owner hears of). */
export function pump(socket: WebSocket, channel: number, stream: NodeJS.ReadableStream | undefined): Promise<void> {
  if (stream === undefined) return Promise.resolve();
  const source = stream as Readable;
  source.on('data', (chunk: Buffer) => {
    send(socket, channel, chunk, () => socket.bufferedAmount <= bufferedBytesMax && source.resume());
    if (socket.bufferedAmount > bufferedBytesMax) source.pause();
  });
  return new Promise((resolve) => {
    source.once('end', resolve);
    source.once('close', resolve);
    source.once('error', () => resolve());
  });
}

/** Writes what came for a stream; the client waits until it was taken. */
export function feed(socket: WebSocket, stream: Writable, content: Buffer): void {
  if (stream.write(content)) return;
  socket.pause();
  stream.once('drain', () => socket.resume());
  stream.once('close', () => socket.resume());
}

/** Resolves when the client is gone. */
export const left = (socket: WebSocket): Promise<undefined> =>
  new Promise((resolve) => {
    socket.once('close', () => resolve(undefined));
    socket.once('error', () => resolve(undefined));
  });
