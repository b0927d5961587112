import type { KubernetesObject } from '../api/object.ts';

type KeyOf = (object: any) => string;
type Objects = Map<string, KubernetesObject>;

/** Objects of one resource by name and uid, and by whatever else they are asked for. */
export type ObjectIndex = {
  find(namespace: string, name: string): KubernetesObject | undefined;
  byUid(uid: string): KubernetesObject | undefined;
  list(namespace?: string): KubernetesObject[];
  /** By an index that is made at the first use of `keyOf`. */
  by(keyOf: KeyOf, key: string): KubernetesObject[];
  add(object: KubernetesObject): void;
  remove(object: KubernetesObject): void;
};

export function createObjectIndex(): ObjectIndex {
  const namespaces = new Map<string, Objects>();
  const uids: Objects = new Map();
  const indexes = new Map<KeyOf, Map<string, Objects>>();

  function indexBy(keyOf: KeyOf): Map<string, Objects> {
    let byKey = indexes.get(keyOf);
    if (byKey === undefined) {
      byKey = new Map();
      for (const [uid, object] of uids) mapIn(byKey, keyOf(object)).set(uid, object);
      indexes.set(keyOf, byKey);
    }
    return byKey;
  }

  return {
    find: (namespace, name) => namespaces.get(namespace)?.get(name),
    byUid: (uid) => uids.get(uid),
    list: (namespace) => [...((namespace === undefined ? uids : namespaces.get(namespace))?.values() ?? [])],
    by: (keyOf, key) => [...(indexBy(keyOf).get(key)?.values() ?? [])],
    add(object) {
      const { namespace = '', name, uid = '' } = object.metadata;
      mapIn(namespaces, namespace).set(name, object);
      uids.set(uid, object);
      for (const [keyOf, byKey] of indexes) mapIn(byKey, keyOf(object)).set(uid, object);
    },
    remove(object) {
      const { namespace = '', name, uid = '' } = object.metadata;
      dropFrom(namespaces, namespace, name);
      uids.delete(uid);
      for (const [keyOf, byKey] of indexes) dropFrom(byKey, keyOf(object), uid);
    },
  };
}

function mapIn(maps: Map<string, Objects>, key: string): Objects {
  let map = maps.get(key);
  if (map === undefined) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}

function dropFrom(maps: Map<string, Objects>, key: string, inner: string): void {
  const map = maps.get(key);
  if (map?.delete(inner) && map.size === 0) maps.delete(key);
}
