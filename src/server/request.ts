import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ApiError, badRequest } from '../api/status.ts';
import type { Attributes, UserInfo } from '../api/user.ts';
import { selectedName } from './verbs/selectors.ts';

/** One request as the pipeline sees it, however it came in. */
export type ServerRequest = {
  method: string;
  /** Path and query as sent. */
  url: string;
  accept: string;
  contentType: string;
  acceptEncoding: string;
  userAgent: string;
  ifNoneMatch: string;
  remoteAddress: string;
  /** The whole body, at most `bodyBytesMax` long; throws RequestEntityTooLarge. */
  readBody(): Promise<Buffer>;
  /** In process: the decoded body, which is copied before it is changed. */
  decodedBody?: unknown;
  /** Present when the request came over a connection: for upgrades and raw streams. */
  connection?: { request: IncomingMessage; response?: ServerResponse; upgrade?: { socket: Duplex; head: Buffer } };
};

/** What a URL means: a resource with its verb, or a plain path. */
export type Target = {
  path: string;
  query: URLSearchParams;
  isResource: boolean;
  verb: string;
  group: string;
  version: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
};

/** A command that is executed stands in the URL, and may be long. */
const urlLengthMax = 32_768;
const noQuery = new URLSearchParams();
const noResource: Target = {
  ...{ path: '', query: noQuery, isResource: false, verb: '' },
  ...{ group: '', version: '', resource: '', subresource: '', namespace: '', name: '' },
};
const verbs: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch' };
/** Under /api/v1/namespaces/NAME these are subresources of the namespace, everything else is a resource in it. */
const namespaceSubresources = new Set(['status', 'finalize']);

/**
 * Reads the request's URL as `/api/VERSION/…` or `/apis/GROUP/VERSION/…`
 * (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris); throws BadRequest.
 */
export function readTarget(method: string, url: string): Target {
  if (url.length > urlLengthMax) throw badRequest(`the URL is longer than ${urlLengthMax} characters`);
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = mark < 0 ? noQuery : new URLSearchParams(url.slice(mark + 1));
  const target: Target = { ...noResource, path, query };
  const parts = segments(path);
  const core = parts[0] === 'api';
  const offset = core ? 2 : 3;
  if ((!core && parts[0] !== 'apis') || parts.length <= offset) {
    target.verb = method.toLowerCase();
    return target;
  }
  target.group = core ? '' : parts[1]!;
  target.version = parts[offset - 1]!;
  locate(target, parts, offset);
  target.isResource = true;
  target.verb = verbOf(method, target);
  return target;
}

/** What follows the version, from `at` on. */
function locate(target: Target, parts: string[], at: number): void {
  if (parts[at] === 'watch' && target.group === '') {
    throw badRequest('the watch/ path prefix is not supported: use the query parameter watch=true');
  }
  if (parts[at] === 'namespaces' && parts.length > at + 2 && !namespaceSubresources.has(parts[at + 2]!)) {
    target.namespace = parts[at + 1]!;
    at += 2;
  }
  target.resource = parts[at] ?? '';
  target.name = parts[at + 1] ?? '';
  target.subresource = parts[at + 2] ?? '';
  // What follows is for whoever is behind a proxy; elsewhere there is nothing of that name.
  if (parts.length > at + 3 && target.subresource !== 'proxy')
    throw new ApiError('NotFound', 'the server could not find the requested resource');
  if (target.resource === 'namespaces' && target.namespace === '') target.namespace = target.name;
}

function segments(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  if (!path.includes('%')) return parts;
  try {
    return parts.map(decodeURIComponent);
  } catch (error) {
    throw badRequest(`the path ${path} has a malformed percent escape`, error);
  }
}

const truthy = (value: string | null) => value === 'true' || value === '1' || value === '';

function verbOf(method: string, { query, name, subresource }: Target): string {
  if (method === 'GET' || method === 'HEAD') {
    if (subresource !== '') return 'get';
    if (query.size > 0 && truthy(query.get('watch'))) return 'watch';
    return name === '' ? 'list' : 'get';
  }
  if (method === 'DELETE') return name === '' ? 'deletecollection' : 'delete';
  // Only what is behind a proxy knows this method: it has no verb, and needs the right to all of them, as upstream.
  if (method === 'OPTIONS' && subresource === 'proxy') return '';
  const verb = verbs[method];
  if (verb === undefined) throw new ApiError('MethodNotAllowed', `the method ${method} is not supported`);
  return verb;
}

/** What the authorizer is asked about a request. */
export function attributesOf(user: UserInfo, target: Target): Attributes {
  const { group, version, resource, subresource, namespace, name, query } = target;
  if (!target.isResource) {
    const none = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '' };
    return { user, verb: target.verb, ...none, nonResourcePath: target.path };
  }
  // A stream is a change even by GET: who may only read pods must not get a shell (KEP-4006).
  const verb = isSession(target) ? 'create' : target.verb;
  // To list one name is to read that object: a role that names it is enough. A create is never of a name that it asks by.
  const lists = name === '' && query.size > 0 && (verb === 'list' || verb === 'watch');
  const named = lists ? (selectedName(query) ?? '') : name;
  return {
    ...{ user, verb, group, version, resource, subresource, namespace, name: named },
    fieldSelector: query.get('fieldSelector') ?? undefined,
    labelSelector: query.get('labelSelector') ?? undefined,
  };
}

/** Subresources that are bytes in both directions with what runs in a pod. */
export const sessions: readonly string[] = ['exec', 'attach', 'portforward'];
const isSession = ({ resource, subresource }: Target): boolean => resource === 'pods' && sessions.includes(subresource);
/** May its connection be upgraded? A log is read by WebSocket as well. */
export const isUpgraded = (target: Target): boolean =>
  isSession(target) || (target.resource === 'pods' && target.subresource === 'log');
