import { Duplex, type Readable } from 'node:stream';
import type { SpdyTarget, StreamOptions, StreamSession } from '../runtime.ts';
import type { Connection } from './connection.ts';
import { createSpdyConnection, type SpdyConnection, upgradeToSpdy } from './spdy.ts';

/** exec and attach: v4 says how the program ended as a metav1.Status on the error stream. */
const remoteCommandProtocol = 'v4.channel.k8s.io';
const portForwardProtocol = 'portforward.k8s.io';
const statusBytesMax = 64 * 1024;

/** Starts the program, or joins it, and resolves once the streams are open. */
export async function openSession(
  connection: Connection,
  target: Exclude<SpdyTarget, { kind: 'portForward' }>,
): Promise<StreamSession> {
  return sessionAt(await urlOf(connection, target), withoutStderrOfTty(target.streams));
}

/** The bare connection, for a client that speaks SPDY itself. */
export async function openSpdy(connection: Connection, target: SpdyTarget, protocols: string[]) {
  const { connection: raw, head, protocol } = await upgradeToSpdy(await urlOf(connection, target), protocols);
  if (head.length > 0) raw.unshift(head);
  return { connection: raw, protocol };
}

/** One-time address on containerd's streaming server, on loopback. */
async function urlOf({ call }: Connection, target: SpdyTarget): Promise<string> {
  if (target.kind === 'portForward')
    return (await call('PortForward', { podSandboxId: target.sandboxId, port: [] })).url;
  const { containerId } = target;
  const streams = withoutStderrOfTty(target.streams);
  if (target.kind === 'attach') return (await call('Attach', { containerId, ...streams })).url;
  return (await call('Exec', { containerId, cmd: target.command, ...streams })).url;
}

/** A terminal has one output; CRI refuses both. */
const withoutStderrOfTty = (streams: StreamOptions) => ({ ...streams, stderr: streams.stderr && !streams.tty });

/** The program starts when the server has seen exactly the streams that were announced. */
async function sessionAt(url: string, streams: StreamOptions): Promise<StreamSession> {
  const connection = createSpdyConnection(await upgradeToSpdy(url, [remoteCommandProtocol]));
  const open = (streamType: string) => connection.open({ streamType });
  const error = open('error');
  error.end();
  const stdin = streams.stdin ? open('stdin') : undefined;
  const stdout = streams.stdout ? open('stdout') : undefined;
  const stderr = streams.stderr ? open('stderr') : undefined;
  const resizing = streams.tty ? open('resize') : undefined;
  // A broken connection shows in `done`; a stream without a listener must not end the process.
  for (const stream of [stdin, stdout, stderr, resizing]) stream?.on('error', () => {});
  // What has only one direction is closed in the other, else its stream never counts as finished.
  for (const stream of [stdout, stderr]) stream?.end();
  for (const stream of [stdin, resizing]) stream?.resume();
  // Not until they were read: who wants no stderr need not drain it.
  const ended = Promise.all([stdout, stderr].map((stream) => stream && connection.received(stream)));
  const done = readAll(error, statusBytesMax).then(async (status) => {
    await ended;
    connection.close();
    return exitCodeOf(status);
  });
  done.catch(() => connection.close());
  return {
    stdin,
    stdout,
    stderr,
    resize: (Width, Height) => void resizing?.write(`${JSON.stringify({ Width, Height })}\n`),
    done,
    close: connection.close,
  };
}

function readAll(stream: Readable, bytesMax: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      text = (text + chunk).slice(0, bytesMax);
    });
    stream.on('end', () => resolve(text));
    stream.on('error', reject);
  });
}

/** A metav1.Status: Success, or Failure with the exit code among the causes. */
function exitCodeOf(text: string): number {
  if (text === '') throw new Error('the connection to the container ended before the program did');
  const status = JSON.parse(text) as {
    status?: string;
    message?: string;
    details?: { causes?: { reason?: string; message?: string }[] };
  };
  if (status.status === 'Success') return 0;
  const cause = status.details?.causes?.find(({ reason }) => reason === 'ExitCode');
  if (cause === undefined) throw new Error(status.message ?? 'the program could not be run');
  return Number(cause.message);
}

/** One connection of its own per port: a slow reader of one must not stop the others. */
export async function openPort(runtime: Connection, sandboxId: string, port: number): Promise<Duplex> {
  const url = await urlOf(runtime, { kind: 'portForward', sandboxId });
  const connection = createSpdyConnection(await upgradeToSpdy(url, [portForwardProtocol]));
  const headers = { port: String(port), requestID: '0' };
  const error = connection.open({ streamType: 'error', ...headers });
  const data = connection.open({ streamType: 'data', ...headers });
  error.end();
  return joined(data, readAll(error, statusBytesMax), connection);
}

/** The data with the complaint: a refused connection ends the data like any other, and only then says why. */
function joined(data: Duplex, complaint: Promise<string>, connection: SpdyConnection): Duplex {
  const port = new Duplex({
    allowHalfOpen: true,
    read: () => void data.resume(),
    write: (chunk: Buffer, _encoding, done) => void data.write(chunk, done),
    final: (done) => void data.end(done),
    destroy(error, done) {
      connection.close();
      done(error);
    },
  });
  data.on('data', (chunk: Buffer) => port.push(chunk) || data.pause());
  data.on('error', (error) => port.destroy(error));
  data.on('end', () =>
    complaint.then(
      (text) => (text === '' ? port.push(null) : port.destroy(new Error(text))),
      (error) => port.destroy(error),
    ),
  );
  complaint.catch(() => {});
  return port;
}
