import type { Version } from './model/history.ts';

/**
 * Where a group of writes becomes durable; what differs between the engines. Calls never overlap. A rejected write has
 * left nothing behind.
 */
export type Journal = {
  write(versions: Version[]): Promise<void>;
  /** Remembers the compacted revision and drops the versions of these revisions. */
  trim(compacted: number, gone: number[]): Promise<void>;
  /** Writes the values of these versions again, if they are still there. */
  rewrite(versions: Version[]): Promise<void>;
  /** Overwrites what is left on the medium of values that were rewritten or dropped. */
  scrub(): Promise<void>;
  sizeBytes(): number;
  close(): Promise<void>;
};
