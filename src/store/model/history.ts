import type { RangeOptions } from '../engine.ts';
import { Compacted, type Delete, type Entry, type Event, FutureRevision, type Put, type Range } from '../engine.ts';
import { createOrdered } from './ordered.ts';

/** An entry as it stood from its modRevision on; a deleted one keeps the last value. `expiresAtMs` 0: never. */
export type Version = Entry & { deleted: boolean; expiresAtMs: number };
type Change = Event & { entry: Version; previous: Version | undefined };
type Staged = { change: Change } | { current: Version | undefined };

/**
 * The pure model behind every engine: all versions of all keys since the last compaction. Each revision is one change
 * of one key, so the change of revision r stands at a known index. Versions newer than `visible` are staged: they
 * decide compare-and-swap, but nobody reads them until `publish`, and `rollback` takes them away.
 *
 *     revision   1        2        3        4           visible = 3, compacted = 1
 *     key a    put x              put y                 reads of a: y at 3, x at 1 and 2
 *     key b             put z             (delete)      reads of b: z; the staged delete is not seen
 */
export type History = ReturnType<typeof createHistory>;

export function createHistory(stamp: (value: Uint8Array, revision: number) => Uint8Array) {
  const records = createOrdered<{ key: string; versions: Version[] }>();
  let changes: Change[] = [];
  let [visible, staged, compacted, superseded, bytes] = [0, 0, 0, 0, 0];

  const latest = (key: string): Version | undefined => {
    const version = records.get(key)?.versions.at(-1);
    return version?.deleted ? undefined : version;
  };

  function append(version: Version, previous: Version | undefined): Change {
    const record = records.get(version.key);
    if (record === undefined) records.insert({ key: version.key, versions: [version] });
    else record.versions.push(version);
    const change: Change = { type: version.deleted ? 'delete' : 'put', entry: version, previous };
    changes.push(change);
    superseded += previous?.value.length ?? 0;
    bytes += sizeOf(version);
    staged = version.modRevision;
    return change;
  }

  /** The change at the next revision, or the entry that stands in the way. */
  function put({ key, value, expected, ttlSeconds }: Put, nowMs: number): Staged {
    const current = latest(key);
    if ((current?.modRevision ?? 0) !== expected) return { current };
    const modRevision = staged + 1;
    const createRevision = current?.createRevision ?? modRevision;
    const expiresAtMs = ttlSeconds === undefined ? 0 : nowMs + ttlSeconds * 1000;
    const stamped = stamp(value, modRevision);
    return {
      change: append({ key, value: stamped, createRevision, modRevision, deleted: false, expiresAtMs }, current),
    };
  }

  function remove({ key, expected }: Delete): Staged {
    const current = latest(key);
    if (current === undefined || current.modRevision !== expected) return { current };
    return { change: append({ ...current, modRevision: staged + 1, deleted: true, expiresAtMs: 0 }, current) };
  }

  function rollback(): void {
    while (staged > visible) {
      const { entry, previous } = changes.pop()!;
      const record = records.get(entry.key)!;
      record.versions.pop();
      if (record.versions.length === 0) records.remove(entry.key);
      superseded -= previous?.value.length ?? 0;
      bytes -= sizeOf(entry);
      staged--;
    }
  }

  function check(revision: number): number {
    if (revision > visible) throw new FutureRevision(revision, visible);
    if (revision < compacted) throw new Compacted(revision, compacted);
    return revision;
  }

  function get(key: string, revision = visible): Entry | undefined {
    check(revision);
    const record = records.get(key);
    return record === undefined ? undefined : versionAt(record.versions, revision);
  }

  function range(prefix: string, { revision = visible, limit = Infinity, after }: RangeOptions = {}): Range {
    check(revision);
    const entries: Entry[] = [];
    let [count, more] = [0, false];
    for (const chunk of records.under(prefix))
      for (const { key, versions } of chunk) {
        const version = versionAt(versions, revision);
        if (version === undefined) continue;
        if (after !== undefined && key <= after) continue;
        count++;
        if (entries.length < limit) entries.push(version);
        else more = true;
      }
    return { entries, revision, count, more };
  }

  /** Visible changes after `revision`, in order. */
  function changesAfter(revision: number): Event[] {
    check(revision);
    const first = staged - changes.length;
    return changes.slice(revision - first, visible - first);
  }

  /** Forgets what only revisions before `revision` can see. Returns the revisions whose versions are gone. */
  function compact(revision: number): number[] {
    const target = Math.min(revision, visible);
    const gone: number[] = [];
    if (target <= compacted) return gone;
    const kept = changes.length - (staged - target);
    const counts = new Map<string, number>();
    const forget = ({ key, modRevision }: Version) => {
      gone.push(modRevision);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    };
    for (const { entry, previous } of changes.slice(0, kept)) {
      if (previous !== undefined) forget(previous);
      if (entry.deleted) forget(entry);
      superseded -= previous?.value.length ?? 0;
    }
    for (const [key, count] of counts) dropOldest(key, count);
    changes = changes.slice(kept);
    compacted = target;
    return gone;
  }

  /** All at once: one key may have a hundred thousand versions, and to move them up for each would take minutes. */
  function dropOldest(key: string, count: number): void {
    const { versions } = records.get(key)!;
    for (const version of versions.splice(0, count)) bytes -= sizeOf(version);
    if (versions.length === 0) records.remove(key);
  }

  /** Every version that is kept, old and new, of keys that start with `prefix`. */
  function versions(prefix: string): Version[] {
    return [...records.under(prefix)].flatMap((chunk) => chunk.flatMap((record) => record.versions));
  }

  /** Starts from a disk: `base` up to the compacted revision, and then, by `restore`, each later version in order. */
  function begin(compactedRevision: number): void {
    [visible, staged, compacted] = [compactedRevision, compactedRevision, compactedRevision];
  }

  /** A version read back from disk; versions up to the compacted revision have no change. Returns what it replaces. */
  function restore(version: Version): Version | undefined {
    const previous = records.get(version.key)?.versions.at(-1);
    const live = previous?.deleted ? undefined : previous;
    if (version.modRevision > compacted) {
      if (version.modRevision !== staged + 1)
        throw new Error(`the store is damaged: revision ${staged + 1} is missing`);
      append(version.deleted && live ? { ...version, value: live.value } : version, live);
      visible = staged;
      return undefined;
    }
    if (previous !== undefined) dropOldest(version.key, 1);
    if (!version.deleted) records.insert({ key: version.key, versions: [version] });
    bytes += sizeOf(version);
    return previous;
  }

  return {
    put,
    remove,
    rollback,
    get,
    range,
    changesAfter,
    versions,
    compact,
    begin,
    restore,
    publish: (revision: number) => {
      visible = revision;
    },
    visible: () => visible,
    compacted: () => compacted,
    /** Bytes that are kept only for history. */
    supersededBytes: () => superseded,
    /** Bytes of all values, old and new. */
    bytes: () => bytes,
    staged: () => staged,
    latest,
  };
}

function versionAt(versions: Version[], revision: number): Version | undefined {
  for (let index = versions.length - 1; index >= 0; index--) {
    const version = versions[index]!;
    if (version.modRevision <= revision) return version.deleted ? undefined : version;
  }
  return undefined;
}

/** A deleted version shares the bytes of the one before. */
const sizeOf = ({ deleted, value }: Version): number => (deleted ? 0 : value.length);
