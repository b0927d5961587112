import type { KubernetesObject } from '../../api/object.ts';
import type { Lookup } from '../contracts.ts';

export type ObjectsLookup = Lookup & {
  put(resource: string, object: KubernetesObject): void;
  remove(resource: string, namespace: string, name: string): void;
};

/** A Lookup over plain objects, for tests of pure defences. */
export function objectsLookup(): ObjectsLookup {
  const objects = new Map<string, KubernetesObject>();
  const versions = new Map<string, number>();
  const keyOf = (resource: string, namespace: string, name: string) => `${resource}|${namespace}|${name}`;
  const bump = (resource: string) => versions.set(resource, (versions.get(resource) ?? 0) + 1);
  return {
    get: (resource, namespace, name) => objects.get(keyOf(resource, namespace, name)),
    list: (resource, namespace) =>
      [...objects]
        .filter(([key]) => key.startsWith(namespace === undefined ? `${resource}|` : `${resource}|${namespace}|`))
        .map(([, object]) => object),
    version: (resource) => versions.get(resource) ?? 0,
    put(resource, object) {
      objects.set(keyOf(resource, object.metadata.namespace ?? '', object.metadata.name), object);
      bump(resource);
    },
    remove(resource, namespace, name) {
      objects.delete(keyOf(resource, namespace, name));
      bump(resource);
    },
  };
}
