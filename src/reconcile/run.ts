import type { KubernetesObject } from '../api/object.ts';
import { ApiError, isNamespaceEnding } from '../api/status.ts';
import type { Caches } from '../client/cache.ts';
import type { Client } from '../client/client.ts';
import { type Clock, within } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Controller, ControllerContext, Key, ResourceName, Result } from './controller.ts';
import { createDeclaredClient, type DeclaredClient } from './declared-client.ts';
import { createRecorder } from './events.ts';
import { ignoreGone, isDeleting, keyOf } from './owned.ts';
import { createWorkQueue } from './work-queue.ts';

export type RunOptions = {
  /** Carries the identity of this controller: see permissions.ts. */
  client: Client;
  /** Shared by all controllers of the process. */
  caches: Caches;
  clock: Clock;
  log: Log;
};
export type Running = { /** Keys that wait for a worker. */ depth(): number; stop(): void };

const writesSeenWithinMs = 30_000;
const defaultConcurrency = 5;

/** Runs one controller until it is stopped: starts its watches, waits until they are complete, then reconciles. */
export function runController(controller: Controller, { client, caches, clock, log }: RunOptions): Running {
  const ownLog = log.child({ controller: controller.name });
  const ends: (() => void)[] = [];
  let stopped = false;
  let cancelResync = () => {};
  const readable = new Set([controller.reconciles, ...controller.reads]);
  const declares = (resource: ResourceName) => readable.has(resource) || readable.has('*');
  const cacheOf = (resource: ResourceName) => (declares(resource) ? caches(resource) : undefined);

  const context: ControllerContext = {
    client,
    cache(resource) {
      if (!declares(resource))
        throw new Error(`controller ${controller.name} reads ${resource}, which its reads do not declare`);
      return caches(resource) as any;
    },
    async isStaying({ metadata: { namespace, name, uid } }) {
      const live = await client.get(controller.reconciles, { namespace, name }).catch(ignoreGone);
      return live !== undefined && live.metadata.uid === uid && !isDeleting(live);
    },
    clock,
    log: ownLog,
    event: createRecorder({ client, component: `${controller.name}-controller`, clock, log: ownLog }),
  };

  /** Those that no run works with: most runs write nothing, and need none of their own. */
  const spare: DeclaredClient[] = [];

  async function work(text: string): Promise<Result> {
    const declared = spare.pop() ?? createDeclaredClient(client, controller, cacheOf);
    try {
      return await controller.reconcile(parseKey(text), { ...context, client: declared.client });
    } catch (error) {
      // What lives in a namespace that ends will end with it: nothing is to be done, now or later.
      if (isNamespaceEnding(error)) return undefined;
      throw error;
    } finally {
      const seen = declared.writesSeen();
      if (seen === undefined) spare.push(declared);
      else await within(seen, writesSeenWithinMs, clock);
    }
  }

  const queue = createWorkQueue({
    clock,
    concurrency: controller.concurrency ?? defaultConcurrency,
    work,
    onError(key, failures, error) {
      // Somebody else was faster: the next run sees what they did.
      const expected = error instanceof ApiError && (error.reason === 'Conflict' || error.reason === 'NotFound');
      ownLog[expected ? 'debug' : 'warn']('reconciling failed', { object: key, failures, error });
    },
  });
  const enqueue = (keys: Key[]) => {
    for (const key of keys) queue.add(textOf(key));
  };

  function keysFor(resource: ResourceName, object: KubernetesObject): Key[] {
    const keys = controller.enqueue?.[resource]?.(object, context) ?? [];
    const isOwn = resource === controller.reconciles && (controller.concerns?.(object, context) ?? true);
    return isOwn ? [keyOf(object), ...keys] : keys;
  }

  async function start(): Promise<void> {
    const named = controller.reads.filter((resource) => resource !== '*');
    const watched = [...new Set([controller.reconciles, ...named])];
    await Promise.all(watched.map((resource) => caches(resource).synced()));
    if (stopped) return;
    for (const resource of watched)
      if (resource === controller.reconciles || controller.enqueue?.[resource])
        ends.push(
          caches(resource).subscribe((_type, object, old) => {
            enqueue(keysFor(resource, object));
            if (old) enqueue(keysFor(resource, old));
          }),
        );
    if (controller.start) ends.push(controller.start(context, (key) => enqueue([key])));
    if (controller.resyncMs !== undefined) resync(controller.resyncMs);
  }

  function resync(everyMs: number): void {
    cancelResync = clock.after(everyMs, () => {
      enqueue(caches(controller.reconciles).list().map(keyOf));
      resync(everyMs);
    });
  }

  start().catch((error) => ownLog.error('the controller did not start', { error }));
  return {
    depth: queue.depth,
    stop() {
      stopped = true;
      queue.stop();
      cancelResync();
      for (const end of ends) end();
    },
  };
}

const textOf = ({ namespace, name }: Key) => `${namespace}/${name}`;
function parseKey(text: string): Key {
  const slash = text.indexOf('/');
  return { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}
