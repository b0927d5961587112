import { apiVersionOf } from '../api/kind.ts';
import type { KubernetesObject, WatchEvent } from '../api/object.ts';
import { ApiError, codes, type Reason } from '../api/status.ts';
import { createDiscovery } from './discovery.ts';
import { pathOf, type Resource } from './resources.ts';
import type { Transport, TransportRequest } from './transport.ts';

/**
 * Typed verbs over a Transport. Every failure is an ApiError with the server's reason and message. `resource` is a
 * resource name such as `pods` or `deployments.apps`; the client knows versions and scopes of built-in kinds and asks
 * discovery for others.
 */
export type Client = {
  get<T = KubernetesObject>(resource: string, object: ObjectName): Promise<T>;
  list<T = KubernetesObject>(resource: string, options?: ListOptions): Promise<{ items: T[]; resourceVersion: string }>;
  create<T = KubernetesObject>(resource: string, object: Partial<KubernetesObject>, options?: WriteOptions): Promise<T>;
  update<T = KubernetesObject>(resource: string, object: KubernetesObject, options?: WriteOptions): Promise<T>;
  patch<T = KubernetesObject>(resource: string, object: ObjectName, patch: Patch, options?: WriteOptions): Promise<T>;
  delete(resource: string, object: ObjectName, options?: DeleteOptions): Promise<void>;
  /** Ends when the signal aborts or the server closes; throws an ApiError of reason Expired when history is gone. */
  watch<T = KubernetesObject>(
    resource: string,
    options: WatchOptions,
    onEvent: (event: WatchEvent<T>) => void,
  ): Promise<void>;
  /** Any other path: `/version`, `/readyz`. */
  raw(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<{ code: number; body: any }>;
};

export type ObjectName = { namespace?: string; name: string };
export type ListOptions = {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Size of a page: all pages are read. */
  limit?: number;
  resourceVersion?: string;
};
export type WriteOptions = {
  subresource?: string;
  name?: string;
  dryRun?: boolean;
  fieldManager?: string;
  force?: boolean;
};
export type Patch =
  | { type: 'merge' | 'strategic' | 'apply'; body: object }
  | { type: 'json'; body: { op: string; path: string; value?: unknown; from?: string }[] };
export type DeleteOptions = {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
  preconditions?: { uid?: string; resourceVersion?: string };
};
export type WatchOptions = ListOptions & { signal: AbortSignal; sendInitialEvents?: boolean; timeoutSeconds?: number };

/** See Client. The transport decides who asks and how; closing it is the caller's. */
export function createClient(transport: Transport): Client {
  const discover = createDiscovery(transport);

  async function send(request: TransportRequest): Promise<any> {
    const { code, body } = await transport.send(request);
    if (code >= 200 && code < 300) return body;
    throw errorOf(code, body);
  }

  async function write<T>(method: 'POST' | 'PUT', resource: string, object: any, options: WriteOptions = {}) {
    const target = await discover(resource);
    const { namespace, name } = object.metadata ?? {};
    const named = method === 'PUT' || options.subresource !== undefined;
    const place = { namespace, name: named ? (options.name ?? name) : undefined, subresource: options.subresource };
    const path = pathOf(target, place) + queryOf(writeParameters(options));
    return (await send({ method, path, contentType: 'application/json', body: object })) as T;
  }

  return {
    async get<T>(resource: string, object: ObjectName) {
      return (await send({ method: 'GET', path: pathOf(await discover(resource), object) })) as T;
    },

    async list<T>(resource: string, options: ListOptions = {}) {
      const target = await discover(resource);
      const items: T[] = [];
      for (let token: string | undefined; ; ) {
        const query = queryOf({ ...listParameters(options), continue: token });
        const page = await send({ method: 'GET', path: pathOf(target, options) + query });
        for (const item of page.items ?? []) items.push(withType(item, target) as T);
        token = page.metadata?.continue || undefined;
        if (token === undefined) return { items, resourceVersion: page.metadata?.resourceVersion ?? '' };
      }
    },

    create: (resource, object, options) => write('POST', resource, object, options),
    update: (resource, object, options) => write('PUT', resource, object, options),

    async patch<T>(resource: string, object: ObjectName, patch: Patch, options: WriteOptions = {}) {
      const place = { ...object, subresource: options.subresource };
      const path = pathOf(await discover(resource), place) + queryOf(writeParameters(options));
      return (await send({ method: 'PATCH', path, contentType: patchTypes[patch.type], body: patch.body })) as T;
    },

    async delete(resource, object, options) {
      const path = pathOf(await discover(resource), object);
      const body = { kind: 'DeleteOptions', apiVersion: 'v1', ...options };
      await send({ method: 'DELETE', path, contentType: 'application/json', body });
    },

    async watch(resource, options, onEvent) {
      const target = await discover(resource);
      const query = queryOf({ watch: '1', allowWatchBookmarks: 'true', ...watchParameters(options) });
      await watchStream(transport, pathOf(target, options) + query, options.signal, onEvent);
    },

    raw: async (method, path, body) => {
      const contentType = body === undefined ? undefined : 'application/json';
      const answer = await transport.send({ method, path, contentType, body });
      return { code: answer.code, body: answer.body };
    },
  };
}

/** An ERROR event ends the watch with the error that it carries. */
async function watchStream(transport: Transport, path: string, signal: AbortSignal, onEvent: (event: any) => void) {
  const ended = new AbortController();
  let error: ApiError | undefined;
  const onEach = (event: any) => {
    if (error) return;
    if (event?.type !== 'ERROR') return onEvent(event);
    error = errorOf(event.object?.code ?? 500, event.object);
    ended.abort();
  };
  try {
    await transport.stream({ method: 'GET', path }, onEach, AbortSignal.any([signal, ended.signal]));
  } catch (cause) {
    if (error === undefined && !signal.aborted) throw cause;
  }
  if (error) throw error;
}

const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

const listParameters = ({ labelSelector, fieldSelector, limit, resourceVersion }: ListOptions) => ({
  labelSelector,
  fieldSelector,
  limit: limit?.toString(),
  resourceVersion,
});

const watchParameters = ({ sendInitialEvents, timeoutSeconds, ...options }: WatchOptions) => ({
  ...listParameters(options),
  timeoutSeconds: timeoutSeconds?.toString(),
  sendInitialEvents: sendInitialEvents ? 'true' : undefined,
  resourceVersionMatch: sendInitialEvents ? 'NotOlderThan' : undefined,
});

const writeParameters = ({ dryRun, fieldManager, force }: WriteOptions) => ({
  dryRun: dryRun ? 'All' : undefined,
  fieldManager,
  force: force ? 'true' : undefined,
});

function queryOf(parameters: Record<string, string | undefined>): string {
  const set = Object.entries(parameters).filter((one): one is [string, string] => one[1] !== undefined);
  return set.length === 0 ? '' : `?${new URLSearchParams(set)}`;
}

/** Servers leave kind and apiVersion out of the items of a list: every object here carries them. */
function withType(item: KubernetesObject, resource: Resource): KubernetesObject {
  if (item.kind) return item;
  return { ...item, kind: resource.kind, apiVersion: apiVersionOf(resource) };
}

/** The ApiError of an answer that is not a success; what is not a Status keeps at least its code. */
export function errorOf(code: number, body: any): ApiError {
  const known = Object.hasOwn(codes, body?.reason ?? '') ? (body.reason as Reason) : undefined;
  const reason = known ?? (Object.keys(codes) as Reason[]).find((reason) => codes[reason] === code) ?? 'InternalError';
  return new ApiError(reason, body?.message ?? `the server answered with code ${code}`, body?.details);
}
