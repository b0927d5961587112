import { type Clock, systemClock } from '../foundation/clock.ts';
import { createCompaction } from './compaction.ts';
import type { WriteResult } from './engine.ts';
import { Compacted, type Engine, type Event, FutureRevision, StoreBusy, StoreFailed, StoreFull } from './engine.ts';
import type { Journal } from './journal.ts';
import { createExpiries } from './model/expiry.ts';
import type { History, Version } from './model/history.ts';
import type { Retention } from './model/retention.ts';
import { createWatchers, eventsUnder } from './model/watchers.ts';

export type Limits = Retention & {
  /** Puts are refused with StoreFull when the journal is this big; deletes are not. */
  sizeBytesMax: number;
};

export const defaultLimits: Limits = {
  historyEventsMax: 100_000,
  historyAgeMsMax: 5 * 60_000,
  historyBytesMax: 64 << 20,
  sizeBytesMax: 8 * 2 ** 30,
};

const waitingBytesMax = 64 << 20;
/** So many do not wait for the end of the turn: the disk works while the rest of it is decided. */
const worthAWrite = 16;
const expiredPerTickMax = 1000;
const resealedAtOnceMax = 500;
const resealedBytesMax = 8 << 20;
const tickMs = 1000;

type Waiting = { result: WriteResult; resolve(result: WriteResult): void; reject(error: unknown): void };
type Group = { versions: Version[]; events: Event[]; bytes: number; waiting: Waiting[] };
const emptyGroup = (): Group => ({ versions: [], events: [], bytes: 0, waiting: [] });

/**
 * An engine over a history and a journal. Writes are decided at once against what is staged, gathered while the
 * journal is busy with the group before, and written as one group; only then are they visible, published and
 * acknowledged. When a group fails, it and everything that was decided on top of it is rolled back and rejected.
 * `leftover` are revisions that a compaction had given up and the journal has still.
 */
export function createEngine(
  history: History,
  journal: Journal,
  { clock = systemClock, ...limits }: Limits & { clock?: Clock },
  leftover: number[] = [],
): Engine {
  const watchers = createWatchers();
  const expiries = createExpiries();
  const compaction = createCompaction(history, journal, limits, clock, leftover);
  let group = emptyGroup();
  let [busy, scheduled, closed, healthy] = [false, false, false, true];
  const idle: (() => void)[] = [];
  const errands: (() => Promise<void>)[] = [];
  for (const entry of history.range('').entries) expireLater(entry as Version);

  function expireLater({ key, modRevision, expiresAtMs, deleted }: Version): void {
    if (expiresAtMs > 0 && !deleted) expiries.push({ atMs: expiresAtMs, key, modRevision });
  }

  function submit(decide: () => ReturnType<History['put']>): Promise<WriteResult> {
    if (closed) return Promise.reject(new StoreFailed('the store is closed'));
    if (group.bytes > waitingBytesMax)
      return Promise.reject(new StoreBusy(`${group.bytes} bytes wait for the disk already: try again later`));
    const decision = decide();
    if ('change' in decision) {
      const { entry } = decision.change;
      group.versions.push(entry);
      group.events.push(decision.change);
      group.bytes += entry.value.length;
    } else if (history.staged() === history.visible()) return Promise.resolve({ ok: false, current: decision.current });
    // A refusal may rest on a write that is still staged, so it too waits until that is durable.
    const result: WriteResult =
      'change' in decision ? { ok: true, entry: decision.change.entry } : { ok: false, current: decision.current };
    return new Promise((resolve, reject) => {
      group.waiting.push({ result, resolve, reject });
      schedule();
    });
  }

  function schedule(): void {
    if (busy) return;
    if (group.waiting.length >= worthAWrite) void flush();
    else if (!scheduled) {
      scheduled = true;
      setImmediate(() => {
        scheduled = false;
        if (!busy) void flush();
      });
    }
  }

  async function flush(): Promise<void> {
    busy = true;
    const current = group;
    group = emptyGroup();
    try {
      if (current.versions.length > 0) {
        await journal.write(current.versions);
        healthy = true;
      }
      publish(current);
    } catch (error) {
      refuse(current, error);
      healthy = error instanceof StoreFull;
    }
    for (const errand of errands.splice(0)) await errand();
    const failure = await compaction.trim();
    busy = false;
    // What could not be dropped now waits for the next tick.
    const goesOn = failure === undefined && compaction.pending();
    if (group.waiting.length + errands.length > 0 || goesOn) schedule();
    else for (const resolve of idle.splice(0)) resolve();
  }

  function publish({ versions, events, waiting }: Group): void {
    const last = versions.at(-1);
    if (last !== undefined) {
      history.publish(last.modRevision);
      for (const version of versions) expireLater(version);
      watchers.publish(events);
    }
    for (const { resolve, result } of waiting) resolve(result);
    compaction.forgetOld();
  }

  /** Later writes were decided on top of the failed ones: they fail with them. */
  function refuse(failed: Group, error: unknown): void {
    history.rollback();
    const all = [...failed.waiting, ...group.waiting];
    group = emptyGroup();
    for (const { reject } of all) reject(error);
    if (error instanceof StoreFull) compaction.forget(history.visible());
  }

  function put(write: Parameters<Engine['put']>[0]): Promise<WriteResult> {
    if (journal.sizeBytes() >= limits.sizeBytesMax) {
      compaction.forget(history.visible());
      schedule();
      return Promise.reject(new StoreFull(`the store has ${journal.sizeBytes()} of ${limits.sizeBytesMax} bytes`));
    }
    return submit(() => history.put(write, clock.now()));
  }

  function watch(prefix: string, fromRevision: number, onEvents: (events: Event[]) => void): () => void {
    const missed = eventsUnder(prefix, history.changesAfter(fromRevision));
    const cancel = watchers.add(prefix, history.visible(), onEvents);
    if (missed.length > 0) onEvents(missed);
    return cancel;
  }

  async function compact(revision: number): Promise<void> {
    if (revision > history.visible()) throw new FutureRevision(revision, history.visible());
    if (revision < history.compacted()) throw new Compacted(revision, history.compacted());
    compaction.forget(revision);
    await trimAll();
  }

  async function trimAll(): Promise<void> {
    do {
      const failure = await errand(compaction.trim);
      if (failure !== undefined) throw failure;
    } while (compaction.pending());
  }

  /** Values that are written from now on pass the new `seal` anyway; those already there follow in parts. */
  async function reseal(prefix: string): Promise<void> {
    const all = history.versions(prefix).filter(({ deleted }) => !deleted);
    for (const part of partsOf(all)) await errand(() => journal.rewrite(part));
    // What waits to be dropped was not written again.
    await trimAll();
    await errand(journal.scrub);
  }

  /** Runs between two groups, since calls of the journal may not overlap. */
  function errand<Result>(run: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      errands.push(() => run().then(resolve, reject));
      schedule();
    });
  }

  function tick(): void {
    if (closed) return;
    for (const expiry of expiries.due(clock.now(), expiredPerTickMax)) {
      if (history.latest(expiry.key)?.modRevision !== expiry.modRevision) continue;
      submit(() => history.remove({ key: expiry.key, expected: expiry.modRevision })).catch(() =>
        expiries.push({ ...expiry, atMs: clock.now() + tickMs }),
      );
    }
    compaction.forgetOld();
    if (compaction.pending()) schedule();
    clock.after(tickMs, tick);
  }
  clock.after(tickMs, tick);

  return {
    revision: history.visible,
    compacted: history.compacted,
    get: (key, options) => history.get(key, options?.revision),
    range: history.range,
    put,
    delete: (write) => submit(() => history.remove(write)),
    watch,
    compact,
    reseal,
    healthy: () => healthy,
    sizeBytes: journal.sizeBytes,
    async close() {
      closed = true;
      if (busy || scheduled) await new Promise<void>((resolve) => idle.push(resolve));
      await journal.close();
    },
  };
}

/** Parts that are sealed, copied and written at once, while others wait. */
function* partsOf(versions: Version[]): Generator<Version[]> {
  let [part, bytes]: [Version[], number] = [[], 0];
  for (const version of versions) {
    part.push(version);
    bytes += version.value.length;
    if (part.length < resealedAtOnceMax && bytes < resealedBytesMax) continue;
    yield part;
    [part, bytes] = [[], 0];
  }
  if (part.length > 0) yield part;
}
