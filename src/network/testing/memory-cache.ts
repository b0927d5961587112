import type { KubernetesObject } from '../../api/object.ts';
import type { Cache } from '../../client/cache.ts';

export type MemoryCache = Cache & {
  set(object: KubernetesObject): void;
  delete(namespace: string, name: string): void;
};

/** A cache that a test fills by hand: nothing behind it, always synced. */
export function memoryCache(): MemoryCache {
  const objects = new Map<string, KubernetesObject>();
  const subscribers = new Set<(type: any, object: any, old: any) => void>();
  const keyOf = (namespace = '', name: string) => `${namespace}/${name}`;
  const tell = (type: string, object: KubernetesObject, old: KubernetesObject | undefined) => {
    for (const subscriber of subscribers) subscriber(type, object, old);
  };
  return {
    get: (namespace, name) => objects.get(keyOf(namespace, name)),
    list: (namespace) =>
      [...objects.values()].filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace),
    byUid: (uid) => [...objects.values()].find(({ metadata }) => metadata.uid === uid),
    ownedBy: () => [],
    by: (keyOf, key) => [...objects.values()].filter((object) => keyOf(object) === key),
    synced: async () => {},
    revision: () => 1,
    until: async () => {},
    stop() {},
    subscribe(onChange) {
      subscribers.add(onChange);
      for (const object of objects.values()) onChange('ADDED', object, undefined);
      return () => subscribers.delete(onChange);
    },
    set(object) {
      const key = keyOf(object.metadata.namespace, object.metadata.name);
      const old = objects.get(key);
      objects.set(key, object);
      tell(old === undefined ? 'ADDED' : 'MODIFIED', object, old);
    },
    delete(namespace, name) {
      const old = objects.get(keyOf(namespace, name));
      if (old === undefined) return;
      objects.delete(keyOf(namespace, name));
      tell('DELETED', old, old);
    },
  };
}
