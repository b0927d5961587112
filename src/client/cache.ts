import type { KubernetesObject, WatchEvent } from '../api/object.ts';
import type { Clock } from '../foundation/clock.ts';
import { deepFreeze } from '../foundation/json.ts';
import type { Log } from '../foundation/log.ts';
import type { Client } from './client.ts';
import { createObjectIndex } from './object-index.ts';
import { type ReflectorOptions, startReflector } from './reflector.ts';

/**
 * The objects of one resource, kept current by one watch that all readers in a process share. What it returns is
 * shared and frozen.
 */
export type Cache<T = KubernetesObject> = {
  get(namespace: string, name: string): T | undefined;
  list(namespace?: string): T[];
  byUid(uid: string): T | undefined;
  /** Objects whose controlling owner has this uid; with '' those that have none. */
  ownedBy(uid: string): T[];
  /**
   * Objects for which `keyOf` gives `key`, by an index made at the first use: `keyOf` is a constant, the same function
   * each time, not one made for the call.
   */
  by(keyOf: (object: T) => string, key: string): T[];
  /** Resolves when the initial list is complete. */
  synced(): Promise<void>;
  /** The newest revision that is reflected here, 0 before the initial list. */
  revision(): number;
  /** Resolves after the first event at which `condition` is true, at once when it is already. */
  until(condition: () => boolean): Promise<void>;
  /** Ends the watch. What was read stays readable; nothing waits any longer. */
  stop(): void;
  /** Calls back for every change; on subscription for every present object as ADDED. Returns what cancels it. */
  subscribe(onChange: (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T, old: T | undefined) => void): () => void;
};

type Change = 'ADDED' | 'MODIFIED' | 'DELETED';
type Subscriber = (type: Change, object: any, old: any) => void;
export type CacheAround = { clock: Clock; log: Log };

/** Starts a reflector for one resource (or the part of it that the selectors choose) and indexes what it brings. */
export function createCache<T extends KubernetesObject = KubernetesObject>(
  client: Client,
  resource: string,
  options: ReflectorOptions,
  around: CacheAround,
): Cache<T> {
  const index = createObjectIndex();
  const subscribers = new Set<Subscriber>();
  const waiters = new Set<{ condition: () => boolean; resolve: () => void; reject: (error: unknown) => void }>();
  let revision = 0;
  let complete = false;

  function tell(type: Change, object: KubernetesObject, old: KubernetesObject | undefined): void {
    for (const subscriber of [...subscribers]) call(subscriber, type, object, old);
  }

  function call(subscriber: Subscriber, type: Change, object: KubernetesObject, old?: KubernetesObject): void {
    try {
      subscriber(type, object, old);
    } catch (error) {
      around.log.error('a reader of a cache failed', { resource, name: object.metadata.name, error });
    }
  }

  function put(object: KubernetesObject): void {
    const { namespace = '', name, uid } = object.metadata;
    let old = index.find(namespace, name);
    if (old) index.remove(old);
    // A name that was deleted and made again while nobody looked is another object.
    if (old && old.metadata.uid !== uid) {
      tell('DELETED', old, undefined);
      old = undefined;
    }
    index.add(deepFreeze(object));
    tell(old ? 'MODIFIED' : 'ADDED', object, old);
  }

  function remove(object: KubernetesObject): void {
    const old = index.find(object.metadata.namespace ?? '', object.metadata.name);
    if (!old) return;
    index.remove(old);
    tell('DELETED', deepFreeze(object), old);
  }

  function replace(objects: KubernetesObject[], resourceVersion: string): void {
    const kept = new Set(objects.map((object) => object.metadata.uid));
    for (const object of index.list()) if (!kept.has(object.metadata.uid)) remove(object);
    for (const object of objects) {
      const same = index.find(object.metadata.namespace ?? '', object.metadata.name);
      if (same?.metadata.resourceVersion !== object.metadata.resourceVersion) put(object);
    }
    revision = Number(resourceVersion) || 0;
    complete = true;
    wake();
  }

  function apply(event: WatchEvent): void {
    if (event.type === 'DELETED') remove(event.object);
    else if (event.type !== 'BOOKMARK') put(event.object);
    revision = Number(event.object.metadata.resourceVersion) || revision;
    wake();
  }

  function wake(): void {
    for (const waiter of [...waiters])
      try {
        if (!waiter.condition()) continue;
        waiters.delete(waiter);
        waiter.resolve();
      } catch (error) {
        // A reader's mistake is its own: it must not break the watch for all.
        waiters.delete(waiter);
        waiter.reject(error);
      }
  }

  function until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    waiters.add({ condition, resolve, reject });
    return promise;
  }

  const stop = startReflector(client, resource, options, { replace, apply }, around);
  return {
    get: (namespace, name) => index.find(namespace, name) as T | undefined,
    list: (namespace) => index.list(namespace) as T[],
    byUid: (uid) => index.byUid(uid) as T | undefined,
    ownedBy: (uid) => index.by(controllerUid, uid) as T[],
    by: (keyOf, key) => index.by(keyOf, key) as T[],
    synced: () => until(() => complete),
    revision: () => revision,
    until,
    stop() {
      stop();
      for (const { resolve } of waiters) resolve();
      waiters.clear();
    },
    subscribe(onChange) {
      const subscriber: Subscriber = (type, object, old) => onChange(type, object, old);
      for (const object of index.list()) call(subscriber, 'ADDED', object);
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
  };
}

/** One cache per resource, begun when it is first asked for and shared by all that ask. */
export type Caches = {
  (resource: string): Cache;
  /** Resources that are watched now. */
  watched(): string[];
  stop(): void;
};

/** See Caches. `client` is the identity that lists and watches for the whole process. */
export function createCaches(client: Client, around: CacheAround): Caches {
  const caches = new Map<string, Cache>();
  function cacheOf(resource: string): Cache {
    let cache = caches.get(resource);
    if (cache === undefined) {
      cache = createCache(client, resource, {}, around);
      caches.set(resource, cache);
    }
    return cache;
  }
  return Object.assign(cacheOf, {
    watched: () => [...caches.keys()],
    stop() {
      for (const cache of caches.values()) cache.stop();
      caches.clear();
    },
  });
}

const controllerUid = (object: KubernetesObject) =>
  object.metadata.ownerReferences?.find(({ controller }) => controller)?.uid ?? '';
