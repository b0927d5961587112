import type { Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { StreamSession } from '../runtimes/runtime.ts';
import { feed, left, pump, read, send } from './channels.ts';

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
/**
 * What a client may offer, the best first. Only v5 can say that standard input ended (`255, CHANNEL`). Before v4 the
 * error channel has text, and nothing when all went well. Programs in browsers use base64.
 */
export const remoteCommandProtocols = [
  ...['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io'],
  ...['channel.k8s.io', 'base64.channel.k8s.io'],
];
const tellsStatus = ({ protocol }: WebSocket) => /^v[45]\./.test(protocol);

/**
 * Carries a session over a WebSocket until the program ends or the client leaves.
 * `open` is called once the client is there; its failure reaches the client as a status.
 */
export async function serveRemoteCommand(socket: WebSocket, open: () => Promise<StreamSession>): Promise<void> {
  // Nothing may be lost that the client says before the program runs.
  socket.pause();
  const gone = left(socket);
  let session: StreamSession;
  try {
    session = await open();
  } catch (error) {
    sendStatus(socket, statusOfFailure(error));
    socket.close(1000);
    return;
  }
  socket.on('message', (data) => receive(session, data as Buffer, socket));
  socket.resume();
  // Tells the client that the connection stands, as the kubelet does.
  send(socket, session.stdout ? channels.stdout : session.stderr ? channels.stderr : channels.error, Buffer.alloc(0));
  const sent = Promise.all([
    pump(socket, channels.stdout, session.stdout),
    pump(socket, channels.stderr, session.stderr),
  ]);
  const status = session.done.then(statusOfExit, statusOfFailure);
  const ended = Promise.all([status, sent]).then(([result]) => result);
  const result = await Promise.race([ended, gone]);
  if (result !== undefined) {
    sendStatus(socket, result);
    socket.close(1000);
  }
  session.close();
}

function receive(session: StreamSession, message: Buffer, socket: WebSocket): void {
  const { channel, content } = read(socket, message);
  const stdin = session.stdin as Writable | undefined;
  if (channel === channels.stdin && stdin?.writable) feed(socket, stdin, content);
  else if (channel === channels.close && content[0] === channels.stdin) stdin?.end();
  else if (channel === channels.resize) resize(session, content);
}

/** `{"Width":80,"Height":24}`; anything else is ignored, as the kubelet does. */
function resize(session: StreamSession, content: Buffer): void {
  try {
    const { Width, Height } = JSON.parse(content.toString()) as { Width: unknown; Height: unknown };
    const isSize = (value: unknown): value is number =>
      Number.isInteger(value) && Number(value) > 0 && Number(value) < 65536;
    if (isSize(Width) && isSize(Height)) session.resize(Width, Height);
  } catch {
    // no size
  }
}

function sendStatus(socket: WebSocket, status: Status): void {
  if (tellsStatus(socket)) send(socket, channels.error, Buffer.from(JSON.stringify(status)));
  else if (status.message !== undefined) send(socket, channels.error, Buffer.from(status.message));
}

type Status = { metadata: object; status: 'Success' | 'Failure'; message?: string; [field: string]: unknown };

/** metav1.Status as exec reports it: kubectl takes its own exit code from the cause ExitCode. */
function statusOfExit(exitCode: number): Status {
  if (exitCode === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

function statusOfFailure(error: unknown): Status {
  const message = error instanceof Error ? error.message : String(error);
  return { metadata: {}, status: 'Failure', message, reason: 'InternalError', code: 500 };
}
