import { badRequest } from '../../api/status.ts';
import type { Context, Reply } from '../context.ts';
import { forward } from './forward.ts';
import { containerOf, nodeConnection, nodeNameOf, podOf } from './node-address.ts';
import { tunnel } from './tunnel.ts';

const flags = ['follow', 'previous', 'timestamps'];
const numbers = ['tailLines', 'limitBytes', 'sinceSeconds'];

const streams = new Set(['All', 'Stdout', 'Stderr']);

/** GET pods/NAME/log: streamed from the node's agent (/containerLogs), chunk by chunk or as WebSocket messages. */
export async function podLog(context: Context): Promise<Reply> {
  const { target } = context;
  const { query } = target;
  const pod = podOf(context);
  const container = containerOf(pod, query.get('container'));
  const passed = new URLSearchParams();
  for (const name of flags) if (/^(true|1)$/.test(query.get(name) ?? '')) passed.set(name, 'true');
  for (const name of numbers) {
    const value = query.get(name);
    if (value === null) continue;
    if (!/^\d{1,15}$/.test(value)) throw badRequest(`${name}: Invalid value: "${value}": must be a whole number`);
    passed.set(name, value);
  }
  const stream = query.get('stream');
  if (stream !== null) {
    if (!streams.has(stream)) throw badRequest(`stream: Unsupported value: "${stream}": use All, Stdout or Stderr`);
    passed.set('stream', stream);
  }
  const since = query.get('sinceTime');
  if (since !== null) {
    if (Number.isNaN(Date.parse(since))) throw badRequest(`sinceTime: Invalid value: "${since}": must be RFC 3339`);
    if (passed.has('sinceSeconds')) throw badRequest('at most one of `sinceTime` or `sinceSeconds` may be specified');
    passed.set('sinceTime', since);
  }
  const { host, port, ...identity } = nodeConnection(context, nodeNameOf(pod));
  const place = [target.namespace, target.name, container].map(encodeURIComponent).join('/');
  const path = `/containerLogs/${place}?${passed}`;
  const { connection } = context.request;
  if (connection?.upgrade === undefined) return forward(context, { scheme: 'https', host, port, path, identity });
  await tunnel({ host, port, ...identity }, connection.request, connection.upgrade, path);
  return { code: 101, body: { form: 'taken' } };
}
