import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { badRequest } from '../../api/status.ts';
import { feed, left, pump, read, send } from './channels.ts';

/** Two channels for each port, in the order asked for: its data, and what went wrong. Clients in Python and JavaScript speak it. */
export const portForwardProtocols = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'];
const portsMax = 16;

/** The ports of a request, `port=80&port=81` or `port=80,81`. Throws BadRequest. */
export function portsOf({ searchParams }: URL): number[] {
  const ports = searchParams.getAll('port').flatMap((text) => text.split(','));
  if (ports.length === 0 || ports.length > portsMax) throw badRequest(`ports: name 1 to ${portsMax} ports`);
  const wrong = ports.find((text) => !/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > 65_535);
  if (wrong !== undefined) throw badRequest(`ports: "${wrong}" is no port`);
  return ports.map(Number);
}

/** Connects each port and carries its bytes until all of them are closed or the client leaves. */
export async function servePortForward(
  socket: WebSocket,
  ports: number[],
  open: (port: number) => Promise<Duplex>,
): Promise<void> {
  // Nothing may be lost that the client says before the ports are connected.
  socket.pause();
  const gone = left(socket);
  const connections = await Promise.all(ports.map((port, index) => connect(socket, 2 * index, port, open)));
  socket.on('message', (data) => {
    const { channel, content } = read(socket, data as Buffer);
    const connection = channel % 2 === 0 ? connections[channel / 2] : undefined;
    if (connection?.writable) feed(socket, connection, content);
  });
  socket.resume();
  const ended = Promise.all(connections.map((connection, index) => pump(socket, 2 * index, connection)));
  await Promise.race([ended, gone]);
  for (const connection of connections) connection?.destroy();
  socket.close(1000);
}

/** Both channels begin with the number of their port, little endian. */
async function connect(
  socket: WebSocket,
  channel: number,
  port: number,
  open: (port: number) => Promise<Duplex>,
): Promise<Duplex | undefined> {
  const number = Buffer.alloc(2);
  number.writeUInt16LE(port);
  const complain = (error: Error) =>
    send(socket, channel + 1, Buffer.from(`error forwarding port ${port} to the pod: ${error.message}`));
  send(socket, channel, number);
  send(socket, channel + 1, number);
  try {
    return (await open(port)).on('error', complain);
  } catch (error) {
    complain(error as Error);
    return undefined;
  }
}
