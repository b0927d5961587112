import type { KubernetesObject } from '../api/object.ts';

/**
 * The objects of one resource, kept current by one watch that all readers in a process share. What it returns is
 * shared and frozen.
 */
export type Cache<T = KubernetesObject> = {
  get(namespace: string, name: string): T | undefined;
  list(namespace?: string): T[];
  byUid(uid: string): T | undefined;
  /** Objects whose controlling owner has this uid. */
  ownedBy(uid: string): T[];
  /** Resolves when the initial list is complete. */
  synced(): Promise<void>;
  /** Calls back for every change; on subscription for every present object as ADDED. Returns what cancels it. */
  subscribe(onChange: (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T, old: T | undefined) => void): () => void;
};
