/**
 * The contract of a store, after etcd's model: one revision that grows by one with every transaction, keys and bytes.
 * What is acknowledged is durable; nothing is visible, in reads or watches, before it is durable.
 */
export type Engine = {
  /** The newest visible revision. */
  revision(): number;
  /** The oldest revision that can still be listed or watched from; 0 when nothing was compacted. */
  compacted(): number;
  get(key: string, options?: { revision?: number }): Entry | undefined;
  /** Entries whose key starts with `prefix`, in key order. Throws Compacted or FutureRevision. */
  range(prefix: string, options?: RangeOptions): Range;
  /**
   * Writes one key if its current modRevision is `expected` (0: the key must not exist). Resolves when durable.
   * Rejects with StoreFull when the disk is: then nothing has changed.
   */
  put(write: Put): Promise<WriteResult>;
  delete(write: Delete): Promise<WriteResult>;
  /**
   * Every change of keys under `prefix` after `fromRevision`, in order, each once. Batches hold what became durable in
   * one turn. Events before the call are replayed from history; throws Compacted when history does not reach back.
   * A watcher that is told more than it takes must stop by itself: the engine calls back synchronously.
   */
  watch(prefix: string, fromRevision: number, onEvents: (events: Event[]) => void): () => void;
  /** Forgets history up to `revision` and gives the space back. */
  compact(revision: number): Promise<void>;
  /**
   * Writes every value kept under `prefix` to disk again through `seal`, after a change of keys, and overwrites what
   * is left of the values before. Revisions stay.
   */
  reseal(prefix: string): Promise<void>;
  /** False: the last write failed, and not because there was no room. To open the store again may mend that. */
  healthy(): boolean;
  /** Bytes on disk (or in memory), for metrics. */
  sizeBytes(): number;
  close(): Promise<void>;
};

export type Entry = { key: string; value: Uint8Array; createRevision: number; modRevision: number };
export type RangeOptions = { revision?: number; limit?: number /** Keys strictly after this one. */; after?: string };
/** `count` is the number of keys under the prefix (after `after`) at that revision, whatever the limit. */
export type Range = { entries: Entry[]; revision: number; count: number; more: boolean };
export type Put = {
  key: string;
  value: Uint8Array;
  expected: number;
  /** The key is deleted by itself when this many seconds have passed since its last put (events). */
  ttlSeconds?: number;
};
export type Delete = { key: string; expected: number };
export type WriteResult = { ok: true; entry: Entry } | { ok: false; current: Entry | undefined };
/** `previous` is the entry before the change; a delete carries the last value and the revision of the deletion. */
export type Event = { type: 'put' | 'delete'; entry: Entry; previous: Entry | undefined };

/**
 * How values pass through an engine. `stamp` writes the revision into a value once, when it is assigned (an object's
 * resourceVersion); `seal` and `open` are applied on the way to and from disk only (encryption at rest).
 */
export type EngineOptions = {
  stamp?(value: Uint8Array, revision: number): Uint8Array;
  seal?(key: string, value: Uint8Array): Uint8Array;
  open?(key: string, sealed: Uint8Array): Uint8Array;
};

export class Compacted extends Error {
  constructor(revision: number, compacted: number) {
    super(`revision ${revision} was compacted: the oldest kept is ${compacted}`);
  }
}
export class FutureRevision extends Error {
  constructor(revision: number, current: number) {
    super(`revision ${revision} is newer than the current ${current}`);
  }
}
/** The disk, or the size the store may have, is used up: nothing has changed; deletes make room. */
export class StoreFull extends Error {}
/** More writes are waiting for the disk than may wait: nothing has changed; try again later. */
export class StoreBusy extends Error {}
/** The disk failed or the store is closed: the write was not acknowledged, nobody saw it. */
export class StoreFailed extends Error {}
