import type { KubernetesObject } from '../api/object.ts';
import type { Cache } from '../client/cache.ts';
import type { Client } from '../client/client.ts';
import type { Controller, ResourceName } from './controller.ts';

export type DeclaredClient = {
  client: Client;
  /** Resolves when the caches show every write of this client so far; undefined when there is none to wait for. */
  writesSeen(): Promise<unknown> | undefined;
};

/**
 * The client of one run of a controller. A call that the declaration does not name throws before it is sent. It
 * remembers what it wrote: a run that starts on a cache older than its own last writes would do them twice.
 */
export function createDeclaredClient(
  client: Client,
  controller: Pick<Controller, 'name' | 'reconciles' | 'reads' | 'writes'>,
  cacheOf: (resource: ResourceName) => Cache | undefined,
): DeclaredClient {
  const { name, reads, reconciles, writes } = controller;
  const pending: { cache: Cache; seen: () => boolean }[] = [];

  function mayRead(resource: ResourceName): void {
    if (resource !== reconciles && !reads.includes(resource) && !reads.includes('*'))
      throw new Error(`controller ${name} reads ${resource}, which its reads do not declare`);
  }

  function mayWrite(resource: ResourceName, subresource: string | undefined, verb: string): void {
    const target = subresource ? `${resource}/${subresource}` : resource;
    if (!writes[target]?.includes(verb) && !writes['*']?.includes(verb))
      throw new Error(`controller ${name} does ${verb} on ${target}, which its writes do not declare`);
  }

  function written<T>(resource: ResourceName, object: T): T {
    const cache = cacheOf(resource);
    const revision = Number((object as KubernetesObject | undefined)?.metadata?.resourceVersion);
    if (cache && revision > 0) pending.push({ cache, seen: () => cache.revision() >= revision });
    return object;
  }

  function deleted(resource: ResourceName, namespace: string, objectName: string): void {
    const cache = cacheOf(resource);
    const uid = cache?.get(namespace, objectName)?.metadata.uid;
    if (cache === undefined || uid === undefined) return;
    const seen = () => {
      const object = cache.get(namespace, objectName);
      return object?.metadata.uid !== uid || object.metadata.deletionTimestamp !== undefined;
    };
    pending.push({ cache, seen });
  }

  const declared: Client = {
    async get(resource, object) {
      mayRead(resource);
      return client.get(resource, object);
    },
    async list(resource, options) {
      mayRead(resource);
      return client.list(resource, options);
    },
    async watch(resource, options, onEvent) {
      mayRead(resource);
      return client.watch(resource, options, onEvent);
    },
    async create(resource, object, options) {
      mayWrite(resource, options?.subresource, 'create');
      return written(resource, await client.create(resource, object, options));
    },
    async update(resource, object, options) {
      mayWrite(resource, options?.subresource, 'update');
      return written(resource, await client.update(resource, object, options));
    },
    async patch(resource, object, patch, options) {
      mayWrite(resource, options?.subresource, 'patch');
      return written(resource, await client.patch(resource, object, patch, options));
    },
    async delete(resource, object, options) {
      mayWrite(resource, undefined, 'delete');
      await client.delete(resource, object, options);
      deleted(resource, object.namespace ?? '', object.name);
    },
    raw: client.raw,
  };
  return {
    client: declared,
    writesSeen() {
      if (pending.length === 0) return undefined;
      return Promise.all(pending.splice(0).map(({ cache, seen }) => cache.until(seen)));
    },
  };
}
