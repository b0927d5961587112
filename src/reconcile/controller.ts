import type { KubernetesObject } from '../api/object.ts';
import type { Cache } from '../client/cache.ts';
import type { Client } from '../client/client.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';

/** A resource name such as `deployments.apps`, or with a subresource `deployments.apps/status`. */
export type ResourceName = string;

/**
 * One reactor. The declaration drives everything: `reads` become its watches and read rights, `writes` its write
 * rights (see permissions.ts); a call outside the declaration is refused by the API server, not by convention.
 * `reconcile` is level-based: it gets only a key, reads the world, and may be called at any time, any number of times.
 */
export type Controller = {
  name: string;
  /** The resource whose objects are the keys. */
  reconciles: ResourceName;
  reads: ResourceName[];
  /** Verbs per resource: `{ 'pods': ['create', 'delete'], 'replicasets.apps/status': ['update'] }`. */
  writes: Record<ResourceName, string[]>;
  /** Further rights that are no calls of the client, such as approving for one signer; part of its role as they are. */
  grants?: { apiGroups: string[]; resources: string[]; verbs: string[]; resourceNames?: string[] }[];
  /** For a changed object of `reads`: the keys to reconcile. Objects of `reconciles` map to themselves, if they are of concern. */
  enqueue?: Record<ResourceName, (object: KubernetesObject, context: ControllerContext) => Key[]>;
  /**
   * Of the objects of `reconciles` that have changed, those that a run would do something about, as they are or as they
   * were; all when nothing is said. What it looks at of other resources, `enqueue` watches.
   */
  concerns?(object: KubernetesObject, context: ControllerContext): boolean;
  /** Also called for every key this often, in milliseconds. */
  resyncMs?: number;
  concurrency?: number;
  reconcile(key: Key, context: ControllerContext): Promise<Result>;
  /** For keys that come from elsewhere than `enqueue`: runs once the caches are complete. Returns what ends it. */
  start?(context: ControllerContext, enqueue: (key: Key) => void): () => void;
};

export type Key = { namespace: string; name: string };
/** Undefined: done until something changes. Errors are retried with back-off. */
export type Result = { requeueAfterMs: number } | undefined;

export type ControllerContext = {
  client: Client;
  /** The caches of `reads` and `reconciles`; any other resource throws. */
  cache<T extends KubernetesObject = KubernetesObject>(resource: ResourceName): Cache<T>;
  /** Asks the server whether an object of `reconciles` is there and stays: a cache may be behind. */
  isStaying(object: KubernetesObject): Promise<boolean>;
  clock: Clock;
  log: Log;
  /** Records a Kubernetes event about an object; counts repeats. */
  event(about: KubernetesObject, type: 'Normal' | 'Warning', reason: string, message: string): void;
};
