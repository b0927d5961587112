/**
 * Runs inside a pod's network namespace and does what the test says on its standard input, one JSON object per line:
 * listen, ask, flood, open, say. Answers carry the request's id.
 */
import { createSocket } from 'node:dgram';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

const name = process.argv[2];
const connections = new Map<string, Socket>();
type Request = {
  id: number;
  op: string;
  protocol: 'tcp' | 'udp';
  address: string;
  port: number;
  timeoutMs: number;
  text?: string;
  from?: string;
  localPort?: number;
};

/** Servers answer with the pod's name and the client's address as they see it. */
function listen({ protocol, address, port }: Request): Promise<string> {
  return new Promise((resolve, reject) => {
    if (protocol === 'tcp') {
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.on('data', () => socket.write(`${name} ${socket.remoteAddress}`));
      });
      server.on('error', reject).listen(port, address, () => resolve('listening'));
    } else {
      const socket = createSocket('udp4');
      socket.on('message', (_, from) => socket.send(`${name} ${from.address}`, from.port, from.address));
      socket.on('error', reject).bind(port, address, () => resolve('listening'));
    }
  });
}

function askOn(socket: Socket, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('timeout'), timeoutMs);
    const end = (answer: string) => {
      clearTimeout(timer);
      socket.removeAllListeners('data');
      resolve(answer);
    };
    socket.once('data', (data: Buffer) => end(data.toString()));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'error'));
    socket.write('?');
  });
}

async function ask(request: Request): Promise<string> {
  const { protocol, address, port, timeoutMs, text, from, localPort = 0 } = request;
  if (protocol === 'tcp') {
    const socket = connect({ port, host: address, localAddress: from });
    let connected = false;
    socket.on('error', () => {}).on('connect', () => (connected = true));
    const answer = await askOn(socket, timeoutMs).finally(() => socket.destroy());
    return answer === 'timeout' && connected ? 'silence' : answer;
  }
  const socket = createSocket('udp4');
  return new Promise<string>((resolve) => {
    setTimeout(() => resolve('timeout'), timeoutMs);
    socket.on('message', (data) => resolve(text === undefined ? data.toString() : data.toString('base64')));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    socket.bind(localPort, from ?? '0.0.0.0', () =>
      // Connected, so that only the address asked may answer, and errors come back.
      socket.connect(port, address, () => socket.send(text === undefined ? '?' : Buffer.from(text, 'base64'))),
    );
  }).finally(() => socket.close());
}

/** As many datagrams as fast as they go. */
async function flood({ address, port, text }: Request, count: number): Promise<string> {
  const socket = createSocket('udp4');
  const packet = Buffer.from(text!, 'base64');
  const sends = Array.from({ length: count }, () => new Promise((done) => socket.send(packet, port, address, done)));
  await Promise.all(sends);
  socket.close();
  return 'sent';
}

async function handle(request: Request): Promise<string> {
  const key = `${request.address}:${request.port}`;
  if (request.op === 'listen') return listen(request);
  if (request.op === 'ask') return ask(request);
  if (request.op === 'flood') return flood(request, 20_000);
  if (request.op === 'open')
    connections.set(
      key,
      connect(request.port, request.address).on('error', () => {}),
    );
  return askOn(connections.get(key)!, request.timeoutMs);
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const request: Request = JSON.parse(line);
  handle(request)
    .catch((error) => String(error.code ?? error))
    .then((answer) => process.stdout.write(`${JSON.stringify({ id: request.id, answer })}\n`));
});
process.stdin.on('end', () => process.exit(0));
