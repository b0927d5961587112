import type { KubernetesObject, WatchEvent } from '../api/object.ts';

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
export type WatchOptions = ListOptions & { signal: AbortSignal; sendInitialEvents?: boolean };
