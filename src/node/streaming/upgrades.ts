import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws';
import { ApiError } from '../../api/status.ts';
import type { Runtime, Sandbox, SpdyTarget } from '../runtimes/runtime.ts';
import { createHeld } from './held.ts';
import { portForwardProtocols, portsOf, servePortForward } from './port-forward.ts';
import { remoteCommandProtocols, serveRemoteCommand } from './remote-command.ts';
import { commandOf, containerOf, type LogTarget, sandboxOf, streamsOf, type Target } from './target.ts';
import { join, openSpdyOf, serveSpdy } from './tunnel.ts';

export type UpgradeOptions = {
  runtime: Runtime;
  /** Every sandbox of the pod, with its containers. */
  findSandboxes(namespace: string, pod: string): Promise<Sandbox[]>;
  /** A stream on which nothing is said for so long is closed. */
  idleMsMax: number;
  /** Streams open at the same time. */
  streamsMax: number;
};

type StreamTarget = Exclude<Target, LogTarget>;

/** SPDY's bytes inside WebSocket messages: KEP-4006, what kubectl port-forward offers. */
const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';
const spdyPortForward = 'portforward.k8s.io';
const messageBytesMax = 32 * 2 ** 20;
/** Of all streams together; each may have a mebibyte besides. */
const heldBytesMax = 256 * 2 ** 20;

/** Serves exec, attach and port-forward on upgraded connections; rejects with ApiError before anything was upgraded. */
export function createUpgrades(options: UpgradeOptions) {
  const { runtime, idleMsMax, streamsMax } = options;
  let open = 0;
  const speaking = (known: string[]) =>
    new WebSocketServer({
      noServer: true,
      maxPayload: messageBytesMax,
      perMessageDeflate: false,
      handleProtocols: (protocols) => known.find((protocol) => protocols.has(protocol)) ?? false,
    });
  const commands = speaking(remoteCommandProtocols);
  const ports = speaking(portForwardProtocols);
  // ws refuses a subprotocol with a slash, so this one is taken out of the request and answered by hand.
  const tunnels = new WebSocketServer({ noServer: true, maxPayload: messageBytesMax, perMessageDeflate: false });
  tunnels.on('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${tunnelProtocol}`));

  const hold = createHeld(heldBytesMax);
  const upgrade = (server: WebSocketServer, request: IncomingMessage, client: Duplex, head: Buffer) =>
    new Promise<WebSocket>((resolve, reject) => {
      client.once('close', () => reject(new Error('the client left during the handshake')));
      server.handleUpgrade(request, client, head, (socket) => {
        hold(socket, client);
        resolve(socket);
      });
    });

  const serve = async (target: StreamTarget, url: URL, request: IncomingMessage, client: Duplex, head: Buffer) => {
    const spdyTarget = await resolve(options, target, url);
    if (request.headers.upgrade?.toLowerCase() === 'spdy/3.1')
      return serveSpdy(request, client, head, runtime, spdyTarget);
    const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (spdyTarget.kind === 'portForward' && portForwardProtocols.some((protocol) => protocols.includes(protocol))) {
      const asked = portsOf(url);
      const socket = await upgrade(ports, request, client, head);
      return servePortForward(socket, asked, (port) => runtime.openPort(spdyTarget.sandboxId, port));
    }
    if (spdyTarget.kind === 'portForward') {
      if (!protocols.includes(tunnelProtocol))
        throw new ApiError(
          'BadRequest',
          `offer a WebSocket subprotocol of ${[tunnelProtocol, ...portForwardProtocols].join(', ')}`,
        );
      const { connection } = await openSpdyOf(runtime, spdyTarget, [spdyPortForward]);
      delete request.headers['sec-websocket-protocol'];
      const socket = await upgrade(tunnels, request, client, head).catch((error) => {
        connection.destroy();
        throw error;
      });
      return join(createWebSocketStream(socket), connection);
    }
    if (!remoteCommandProtocols.some((protocol) => protocols.includes(protocol)))
      throw new ApiError('BadRequest', `offer a WebSocket subprotocol of ${remoteCommandProtocols.join(', ')}`);
    const socket = await upgrade(commands, request, client, head);
    await serveRemoteCommand(socket, () => openSession(runtime, spdyTarget));
  };

  return async (
    target: StreamTarget,
    url: URL,
    request: IncomingMessage,
    client: Duplex,
    head: Buffer,
  ): Promise<void> => {
    if (open >= streamsMax) throw new ApiError('TooManyRequests', `this node already serves ${streamsMax} streams`);
    open += 1;
    const socket = request.socket;
    socket.setTimeout(idleMsMax, () => socket.destroy());
    try {
      await serve(target, url, request, client, head);
    } finally {
      open -= 1;
    }
  };
}

const openSession = (runtime: Runtime, target: Exclude<SpdyTarget, { kind: 'portForward' }>) =>
  target.kind === 'exec'
    ? runtime.openExec(target.containerId, target.command, target.streams)
    : runtime.openAttach(target.containerId, target.streams);

/** From names to the runtime's ids; what is not there or does not run is said before the upgrade. */
async function resolve({ findSandboxes }: UpgradeOptions, target: StreamTarget, url: URL): Promise<SpdyTarget> {
  const sandboxes = await findSandboxes(target.namespace, target.pod);
  if (target.kind === 'portForward') return { kind: target.kind, sandboxId: sandboxOf(sandboxes, target.pod).id };
  const container = containerOf(sandboxes, target, false);
  if (container.state !== 'running')
    throw new ApiError('BadRequest', `container ${container.name} of pod ${target.pod} is not running`);
  const streams = streamsOf(url);
  if (target.kind === 'attach') return { kind: 'attach', containerId: container.id, streams };
  return { kind: 'exec', containerId: container.id, command: commandOf(url), streams };
}
