import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { ApiError, badRequest, notFound } from '../../api/status.ts';
import type { Context, Reply } from '../context.ts';
import { admit } from '../verbs/prepare.ts';
import { type Destination, forward } from './forward.ts';
import { nodeConnection } from './node-address.ts';
import { readyEndpoint } from './service-endpoint.ts';

/** `NAME`, `NAME:PORT` or `SCHEME:NAME:PORT`, as the URL of a proxy request names a pod or service. */
function proxyName(text: string): { scheme: 'http' | 'https'; name: string; port: string } {
  const parts = text.split(':');
  if (parts.length === 1) return { scheme: 'http', name: text, port: '' };
  const [scheme, name, port] = parts.length === 2 ? ['http', ...parts] : parts;
  if (parts.length > 3 || !/^(https?)?$/.test(scheme!) || !name) throw badRequest(`invalid proxy request "${text}"`);
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port: port ?? '' };
}

const proxyUrl =
  /^(\/+api\/+[^/]+(?:\/+namespaces\/+[^/]+)?\/+(?:pods|services|nodes)\/+[^/]+\/+proxy)(\/[^?]*)?(\?.*)?$/s;

/** The URL of a proxy request: `prefix` ends with `/proxy`; `path` is what follows, as the client wrote it. */
function placesOf({ request }: Context): { prefix: string; path: string; query: string } {
  const found = proxyUrl.exec(request.url);
  if (found === null) throw badRequest(`the path ${request.url.split('?')[0]} is not written as a proxy request`);
  const [, prefix = '', path = '', query = ''] = found;
  return { prefix, path, query };
}

async function connectTo(context: Context, to: Omit<Destination, 'path' | 'prefix'>): Promise<Reply> {
  await admit(context, 'CONNECT', { name: context.target.name });
  const { prefix, path, query } = placesOf(context);
  // Without the slash the relative links of a page would be beside it.
  if (path === '' && ['GET', 'HEAD'].includes(context.request.method)) return redirect(context, `${prefix}/${query}`);
  return forward(context, { ...to, prefix, path: `${path || '/'}${query}` });
}

function redirect({ request }: Context, location: string): Reply {
  request.connection?.response?.writeHead(301, { Location: location }).end();
  return { code: 301, body: { form: 'taken' } };
}

/** nodes/NAME/proxy: the API of the node's agent. */
export function proxyNode(context: Context): Promise<Reply> {
  const { name } = proxyName(context.target.name);
  const { host, port, ...identity } = nodeConnection(context, name);
  return connectTo(context, { scheme: 'https', host, port, identity });
}

/** pods/NAME/proxy: a port of the pod, its first one when none is named. */
export function proxyPod(context: Context): Promise<Reply> {
  const { lookup, target } = context;
  const { scheme, name, port } = proxyName(target.name);
  const pod = lookup.get('pods', target.namespace, name);
  if (pod === undefined) throw notFound({ group: '', resource: 'pods', name });
  const host = pod['status']?.podIP;
  if (!host) throw new ApiError('ServiceUnavailable', `pod ${name} has no address yet`);
  const ports = (pod['spec']?.containers ?? []).flatMap((container: { ports?: object[] }) => container.ports ?? []);
  const named = ports.find((each: { name?: string }) => each.name === port)?.containerPort;
  const number = port === '' ? (ports[0]?.containerPort ?? 80) : (named ?? Number(port));
  return connectTo(context, { scheme, host: podAddress(host), port: checked(number, port) });
}

/** services/NAME/proxy: one ready endpoint of the service */
export function proxyService(context: Context): Promise<Reply> {
  const { lookup, target } = context;
  const { scheme, name, port } = proxyName(target.name);
  const service = lookup.get('services', target.namespace, name);
  if (service === undefined) throw notFound({ group: '', resource: 'services', name });
  const ports: { name?: string; port: number }[] = service['spec']?.ports ?? [];
  const wanted = port === '' ? ports[0] : ports.find((each) => each.name === port || String(each.port) === port);
  if (wanted === undefined) throw badRequest(`service "${name}" has no port "${port}"`);
  const found = readyEndpoint(lookup, target.namespace, name, wanted.name ?? '');
  if (found === undefined) throw new ApiError('ServiceUnavailable', `no endpoints available for service "${name}"`);
  return connectTo(context, { scheme, host: podAddress(found.host), port: found.port });
}

function checked(port: number, asked: string): number {
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw badRequest(`no port "${asked}" is known`);
}

const notOfPods = ['unspecified', 'loopback', 'linkLocal', 'multicast', 'broadcast'];

/**
 * Whoever writes the status of a pod would otherwise have the server ask itself, or what serves this machine only. Source:
 * kubernetes/kubernetes pkg/proxy/util/utils.go, IsProxyableIP.
 */
function podAddress(address: string): string {
  // An address of IPv4 can be written inside one of IPv6; a name would be looked up.
  if (isIP(address) !== 0 && !notOfPods.includes(ipaddr.process(address).range())) return address;
  throw badRequest(`address not allowed: no pod is reached at ${JSON.stringify(address)}, which stands in its status`);
}
