import type { KubernetesObject, WatchEvent } from '../api/object.ts';
import { ApiError } from '../api/status.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import { backOffMs } from './back-off.ts';
import type { Client, ListOptions } from './client.ts';

/** What a reflector feeds. `replace` gives the whole state, after a start or a gap in history. */
export type Sink = {
  replace(objects: KubernetesObject[], resourceVersion: string): void;
  apply(event: WatchEvent): void;
};

export type ReflectorOptions = Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'>;
type Around = { clock: Clock; log: Log };

const retryInitialMs = 200;
const retryMaximumMs = 30_000;
/** A stream that lasted this long was healthy: its end is no failure. */
const healthyMs = 5000;
const watchMinimumSeconds = 300;

/**
 * Mirrors one resource into a sink until it is stopped: the initial state by WatchList (by list and watch where a
 * server cannot), then every change, resuming after the last seen revision. History that is gone means starting over;
 * failures are retried with exponential back-off and jitter.
 */
export function startReflector(
  client: Client,
  resource: string,
  options: ReflectorOptions,
  sink: Sink,
  { clock, log }: Around,
): () => void {
  const stopped = new AbortController();
  const { signal } = stopped;
  let revision = '';
  let watchList = true;

  function follow(event: WatchEvent): void {
    revision = event.object.metadata.resourceVersion ?? revision;
    sink.apply(event);
  }

  const timeoutSeconds = () => Math.round(watchMinimumSeconds * (1 + Math.random()));

  /** One stream that begins with everything there is, marked off by a bookmark. */
  async function startByWatch(): Promise<void> {
    let initial: KubernetesObject[] | undefined = [];
    const watchOptions = { ...options, signal, sendInitialEvents: true, timeoutSeconds: timeoutSeconds() };
    await client.watch(resource, watchOptions, (event) => {
      if (initial === undefined) return follow(event);
      if (event.type !== 'BOOKMARK') initial.push(event.object);
      else if (event.object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true') {
        revision = event.object.metadata.resourceVersion ?? '';
        sink.replace(initial, revision);
        initial = undefined;
      }
    });
    if (initial !== undefined && !signal.aborted) throw new Error('the stream ended before its initial events did');
  }

  async function startByList(): Promise<void> {
    const { items, resourceVersion } = await client.list(resource, { ...options, limit: 500 });
    revision = resourceVersion;
    if (!signal.aborted) sink.replace(items, resourceVersion);
  }

  async function once(): Promise<void> {
    if (revision !== '') {
      const watchOptions = { ...options, signal, resourceVersion: revision, timeoutSeconds: timeoutSeconds() };
      return client.watch(resource, watchOptions, follow);
    }
    if (!watchList) return startByList();
    try {
      await startByWatch();
    } catch (error) {
      const refused = error instanceof ApiError && ['Invalid', 'BadRequest', 'MethodNotAllowed'].includes(error.reason);
      if (!refused) throw error;
      watchList = false;
      await startByList();
    }
  }

  async function run(): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      const startedMs = clock.monotonicMs();
      const listing = revision === '';
      try {
        await once();
        if (signal.aborted) return;
        if ((listing && !watchList) || clock.monotonicMs() - startedMs >= healthyMs) {
          failures = 0;
          continue;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ApiError && error.code === 410) revision = '';
        else log.warn('watch failed', { resource, attempt: failures, error });
      }
      await pause(backOffMs(failures++, retryInitialMs, retryMaximumMs), clock, signal);
    }
  }

  void run();
  return () => stopped.abort();
}

function pause(delayMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(delayMs, resolve);
  signal.addEventListener('abort', () => {
    cancel();
    resolve();
  });
  return promise;
}
