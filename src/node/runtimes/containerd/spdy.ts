import { Duplex } from 'node:stream';
import { plainHttp } from '../../../foundation/plain-http.ts';
import {
  controlFrame,
  controlTypes,
  createFrameReader,
  dataFrames,
  dataHeader,
  type Frame,
  finFlag,
  synStream,
} from './spdy-frames.ts';

/**
 * The part of SPDY/3.1 that containerd's streaming server (Go's spdystream) needs from a client. Flow control is TCP's,
 * since spdystream neither sends nor needs WINDOW_UPDATE.
 */
export type SpdyConnection = {
  open(headers: Record<string, string>): Duplex;
  /** Resolves when the server has sent all of the stream, read or not. */
  received(stream: Duplex): Promise<void>;
  close(): void;
};

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
  const receive = ({ control, streamId, flags, body }: Frame): void => {
    if (control === undefined) receiveData(streams.get(streamId), flags, body);
    else if (control === controlTypes.ping) write([controlFrame(controlTypes.ping, 0, body)]);
    else if (control === controlTypes.reset || (control === controlTypes.synReply && flags & finFlag))
      endReading(streams.get(streamId));
  };
  const receiveData = (stream: Duplex | undefined, flags: number, body: Buffer) => {
    if (stream === undefined || ended.has(stream)) return;
    if (body.length > 0 && !stream.push(body)) socket.pause();
    if (flags & finFlag) endReading(stream);
  };
  const feed = createFrameReader(receive, (lengthBytes) =>
    socket.destroy(new Error(`a SPDY frame of ${lengthBytes} bytes is too large`)),
  );
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
