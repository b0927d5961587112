import { Duplex } from 'node:stream';
import { plainHttp } from '../../../foundation/plain-http.ts';

/**
 * The part of SPDY/3.1 that containerd's streaming server (Go's spdystream) needs from a client. Header blocks are
 * sent as stored deflate blocks, so there is no compression state; flow control is TCP's, since spdystream neither
 * sends nor needs WINDOW_UPDATE. https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/
 */
export type SpdyConnection = {
  open(headers: Record<string, string>): Duplex;
  /** Resolves when the server has sent all of the stream, read or not. */
  received(stream: Duplex): Promise<void>;
  close(): void;
};

const controlTypes = { synStream: 1, synReply: 2, reset: 3, ping: 6, goAway: 7 } as const;
const finFlag = 1;
const dataBytesMax = 32 * 1024;
/** spdystream's own data frames are far smaller; a frame of up to 16 MiB would be legal and is refused. */
const frameBytesMax = 2 ** 20;
const streamsMax = 1024;

/** containerd's answer to an upgrade: the raw connection, after which bytes are SPDY. */
export type Upgraded = { connection: Duplex; head: Buffer; protocol: string };

const receivedEvent = Symbol('received');
const answerMsMax = 30_000;

/** Asks `url` (as CRI's Exec, Attach or PortForward gave it) for SPDY/3.1, offering `protocols`, best first. */
export function upgradeToSpdy(url: string, protocols: string[]): Promise<Upgraded> {
  const { hostname, port, pathname, search } = new URL(url);
  const headers = {
    connection: 'Upgrade',
    upgrade: 'SPDY/3.1',
    'x-stream-protocol-version': protocols,
    'content-length': 0,
  };
  return new Promise((resolve, reject) => {
    const asking = plainHttp.request({ host: hostname, port, path: pathname + search, method: 'POST', headers });
    asking.setTimeout(answerMsMax, () => asking.destroy(new Error(`no answer from ${hostname}:${port}`)));
    asking.on('upgrade', (response, socket, head) => {
      socket.setTimeout(0);
      socket.setNoDelay(true);
      resolve({ connection: socket, head, protocol: String(response.headers['x-stream-protocol-version'] ?? '') });
    });
    asking.on('response', (response) => {
      response.resume();
      reject(new Error(`the runtime's streaming server answered ${response.statusCode}`));
    });
    asking.on('error', reject);
    asking.end();
  });
}

export function createSpdyConnection({ connection: socket, head }: Omit<Upgraded, 'protocol'>): SpdyConnection {
  const streams = new Map<number, Duplex>();
  /** Read to their end: pushing more would throw. */
  const ended = new WeakSet<Duplex>();
  let nextId = 1;
  let isFirst = true;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const write = (frame: Buffer[], done?: (error?: Error | null) => void) => {
    socket.cork();
    for (const part of frame) socket.write(part, part === frame.at(-1) ? done : undefined);
    socket.uncork();
  };

  const endReading = (stream: Duplex | undefined) => {
    if (stream === undefined || ended.has(stream) || stream.destroyed) return;
    ended.add(stream);
    stream.push(null);
    stream.emit(receivedEvent);
  };
  const receive = (flags: number, first: number, second: number, body: Buffer): void => {
    const type = first & 0xffff;
    if ((first & 0x80000000) === 0) receiveData(streams.get(first), flags, body);
    else if (type === controlTypes.ping) write([controlFrame(controlTypes.ping, 0, body)]);
    else if (type === controlTypes.reset || (type === controlTypes.synReply && flags & finFlag))
      endReading(streams.get(second & 0x7fffffff));
  };
  const receiveData = (stream: Duplex | undefined, flags: number, body: Buffer) => {
    if (stream === undefined || ended.has(stream)) return;
    if (body.length > 0 && !stream.push(body)) socket.pause();
    if (flags & finFlag) endReading(stream);
  };
  const feed = (chunk: Buffer) => {
    pending.push(chunk);
    pendingBytes += chunk.length;
    // Joined only when a whole frame is there: a large frame in small chunks must not be copied again and again.
    while (pendingBytes >= 8) {
      if (pending[0]!.length < 8) pending = [Buffer.concat(pending)];
      const lengthBytes = pending[0]!.readUInt32BE(4) & 0xffffff;
      if (lengthBytes > frameBytesMax) {
        socket.destroy(new Error(`a SPDY frame of ${lengthBytes} bytes is too large`));
        return;
      }
      if (pendingBytes < 8 + lengthBytes) return;
      const joined = pending.length === 1 ? pending[0]! : Buffer.concat(pending);
      const body = joined.subarray(8, 8 + lengthBytes);
      pending = [joined.subarray(8 + lengthBytes)];
      pendingBytes -= 8 + lengthBytes;
      receive(joined[4]!, joined.readUInt32BE(0), lengthBytes >= 4 ? body.readUInt32BE(0) : 0, body);
    }
  };
  const endAll = (error?: Error) => {
    for (const stream of streams.values())
      if (error) stream.destroy(error);
      else endReading(stream);
  };
  socket.on('data', feed);
  socket.on('error', endAll);
  socket.on('close', () => endAll());
  if (head.length > 0) feed(head);

  return {
    open(headers) {
      if (streams.size >= streamsMax) throw new Error(`more than ${streamsMax} streams in one SPDY connection`);
      const id = nextId;
      nextId += 2;
      const stream = new Duplex({
        allowHalfOpen: true,
        read: () => void socket.resume(),
        write: (chunk: Buffer, _encoding, done) => write(dataFrames(id, chunk), done),
        // An empty frame with FIN half-closes: the program sees the end of its input.
        final: (done) => write([dataHeader(id, finFlag, 0)], done),
        destroy(error, done) {
          streams.delete(id);
          done(error);
        },
      });
      streams.set(id, stream);
      write([synStream(id, headers, isFirst)]);
      isFirst = false;
      return stream;
    },
    received: (stream) =>
      new Promise((resolve) => {
        if (ended.has(stream) || stream.destroyed) return resolve();
        stream.once(receivedEvent, resolve);
        stream.once('close', resolve);
      }),
    close: () => void socket.destroy(),
  };
}

function controlFrame(type: number, flags: number, body: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(0x8003, 0);
  header.writeUInt16BE(type, 2);
  header.writeUInt32BE(((flags << 24) | body.length) >>> 0, 4);
  return Buffer.concat([header, body]);
}

function dataHeader(id: number, flags: number, lengthBytes: number): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(id, 0);
  header.writeUInt32BE(((flags << 24) | lengthBytes) >>> 0, 4);
  return header;
}

function dataFrames(id: number, chunk: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < chunk.length; at += dataBytesMax) {
    const part = chunk.subarray(at, at + dataBytesMax);
    frames.push(dataHeader(id, 0, part.length), part);
  }
  return frames.length > 0 ? frames : [dataHeader(id, 0, 0)];
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** SYN_STREAM: the header block is zlib's header (once per connection), a stored block, and an empty one as a flush. */
function synStream(id: number, headers: Record<string, string>, isFirst: boolean): Buffer {
  const text = (value: string) => [uint32(Buffer.byteLength(value)), Buffer.from(value)];
  const entries = Object.entries(headers);
  const pairs = entries.flatMap(([name, value]) => [...text(name.toLowerCase()), ...text(value)]);
  const raw = Buffer.concat([uint32(entries.length), ...pairs]);
  const stored = Buffer.alloc(5);
  stored.writeUInt16LE(raw.length, 1);
  stored.writeUInt16LE(raw.length ^ 0xffff, 3);
  const zlibHeader = isFirst ? Buffer.from([0x78, 0x01]) : Buffer.alloc(0);
  const flush = Buffer.from([0, 0, 0, 0xff, 0xff]);
  return controlFrame(
    controlTypes.synStream,
    0,
    Buffer.concat([uint32(id), uint32(0), Buffer.alloc(2), zlibHeader, stored, raw, flush]),
  );
}
