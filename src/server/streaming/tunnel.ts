import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import { ApiError, badRequest } from '../../api/status.ts';
import type { Context, Reply } from '../context.ts';
import { admit } from '../verbs/prepare.ts';
import { containerOf, type NodeConnection, nodeConnection, nodeNameOf, podOf } from './node-address.ts';

/** What a streaming request may say, and what the node's agent calls it (kubelet's names). */
const agentNames: Record<string, string> = { stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' };
const connectMs = 10_000;

/** pods/NAME/exec and attach: the streams of a process in a container. */
export const exec = (context: Context) => stream(context, 'exec', true);
export const attach = (context: Context) => stream(context, 'attach', true);
/** pods/NAME/portforward: connections to ports of a pod. */
export const portForward = (context: Context) => stream(context, 'portForward', false);

async function stream(context: Context, path: string, ofContainer: boolean): Promise<Reply> {
  const { target, request } = context;
  const pod = podOf(context);
  const place = [target.namespace, target.name];
  if (ofContainer) place.push(containerOf(pod, target.query.get('container')));
  const query = new URLSearchParams();
  for (const command of target.query.getAll('command')) query.append('command', command);
  for (const ports of target.query.getAll('ports')) query.append('port', ports);
  for (const [name, agentName] of Object.entries(agentNames))
    if (/^(true|1)$/.test(target.query.get(name) ?? '')) query.append(agentName, '1');
  if (path === 'exec' && !query.has('command'))
    throw badRequest('you must specify at least one command for the container');
  const node = nodeConnection(context, nodeNameOf(pod));
  await admit(context, 'CONNECT', { name: target.name });
  const { connection } = request;
  if (connection?.upgrade === undefined) throw badRequest('Upgrade request required');
  const url = `/${path}/${place.map(encodeURIComponent).join('/')}?${query}`;
  await tunnel(node, connection.request, connection.upgrade, url);
  return { code: 101, body: { form: 'taken' } };
}

/**
 * Passes the upgrade on to the node's agent and then every byte in both directions: the agent speaks WebSocket or SPDY
 * with the client, the server understands neither. Throws ServiceUnavailable when the agent cannot be reached.
 */
export async function tunnel(
  node: NodeConnection,
  request: IncomingMessage,
  { socket, head }: { socket: Duplex; head: Buffer },
  url: string,
): Promise<void> {
  const agent = await open(node);
  // Its close has been told already: a process would run for nobody.
  if (socket.destroyed) {
    agent.destroy();
    return;
  }
  agent.write(`${request.method} ${url} HTTP/1.1\r\n${headersFor(request, node)}\r\n\r\n`);
  onceAnswered(agent, (answer, isAgreed) => {
    socket.write(answer);
    agent.pipe(socket);
    if (!isAgreed) return;
    if (head.length > 0) agent.write(head);
    socket.pipe(agent);
  });
  const end = () => {
    agent.destroy();
    socket.destroy();
  };
  for (const side of [agent, socket]) side.on('error', end).on('close', end);
}

const agreed = Buffer.from('HTTP/1.1 101 ');

/**
 * Gives the beginning of the agent's answer, and whether it agrees to speak another protocol. Behind a refusal, what the
 * client sends would be read as further requests, with the server's rights and asked by nobody who may.
 */
function onceAnswered(agent: Duplex, then: (answer: Buffer, isAgreed: boolean) => void): void {
  let answer = Buffer.alloc(0);
  const read = (chunk: Buffer) => {
    answer = Buffer.concat([answer, chunk]);
    if (answer.length < agreed.length) return;
    agent.off('data', read);
    then(answer, answer.subarray(0, agreed.length).equals(agreed));
  };
  agent.on('data', read);
}

function open({ host, port, ...identity }: NodeConnection): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const agent = connect({ host, port, ...identity, minVersion: 'TLSv1.3', ALPNProtocols: ['http/1.1'] });
    const fail = (error: Error) => {
      agent.destroy();
      const message = `the agent of the node at ${host}:${port} cannot be reached: ${error.message}`;
      reject(new ApiError('ServiceUnavailable', message, { retryAfterSeconds: 1 }, { cause: error }));
    };
    const timer = setTimeout(() => fail(new Error(`no answer within ${connectMs} ms`)), connectMs);
    agent.once('error', fail);
    agent.once('secureConnect', () => {
      clearTimeout(timer);
      agent.removeListener('error', fail);
      agent.setNoDelay(true);
      resolve(agent);
    });
    agent.once('error', () => clearTimeout(timer));
  });
}

/** Who asks was settled here: credentials go no further. */
const withheld = new Set(['authorization', 'cookie', 'host', 'proxy-authorization']);

function headersFor({ rawHeaders }: IncomingMessage, { host, port }: NodeConnection): string {
  const lines = [`Host: ${host}:${port}`];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    const lower = name.toLowerCase();
    if (withheld.has(lower) || lower.startsWith('impersonate-') || lower.startsWith('x-forwarded-')) continue;
    const value = lower === 'sec-websocket-protocol' ? withoutBearer(rawHeaders[index + 1]!) : rawHeaders[index + 1]!;
    lines.push(`${name}: ${value}`);
  }
  return lines.join('\r\n');
}

const withoutBearer = (protocols: string) =>
  protocols
    .split(',')
    .map((name) => name.trim())
    .filter((name) => !name.startsWith('base64url.bearer.'))
    .join(', ');
