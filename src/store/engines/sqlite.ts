import { once } from 'node:events';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../foundation/clock.ts';
import { type Engine, type EngineOptions, StoreFailed, StoreFull } from '../engine.ts';
import { createEngine, type Limits } from '../group-commit.ts';
import type { Journal } from '../journal.ts';
import { createHistory, type History, type Version } from '../model/history.ts';
import { openFile } from './sqlite-file.ts';
import { packRows } from './sqlite-frames.ts';
import type { Reply, Request } from './sqlite-worker.ts';

/**
 * The embedded engine: one SQLite file, written by a worker thread so that no flush to disk stops the event loop. See
 * docs/decisions/0003-store.md. Throws when the file cannot be opened, is damaged, or is in use.
 */
export async function openSqlite(path: string, options: EngineOptions & Limits & { clock?: Clock }): Promise<Engine> {
  const history = createHistory(options.stamp ?? ((value) => value));
  const { leftover, usedBytes } = load(path, history, options.open ?? ((_key, value) => value));
  const journal = await startJournal(path, usedBytes, options.seal ?? ((_key, value) => value));
  return createEngine(history, journal, options, leftover);
}

type LogRow = { revision: number; key: string; value: Uint8Array | null; created: number; expires: number };

/** Reads the whole log. `leftover` are rows that a compaction had given up before a crash. */
function load(path: string, history: History, open: NonNullable<EngineOptions['open']>) {
  const database = openFile(path);
  try {
    const { compacted } = database.prepare('SELECT compacted FROM facts').get() as { compacted: number };
    history.begin(compacted);
    const leftover: number[] = [];
    for (const row of database.prepare('SELECT * FROM log ORDER BY revision').iterate() as Iterable<unknown>) {
      const { revision, key, value, created, expires } = row as LogRow;
      const opened = value === null ? new Uint8Array() : open(key, value);
      const replaced = history.restore({
        key,
        value: opened,
        createRevision: created,
        modRevision: revision,
        deleted: value === null,
        expiresAtMs: expires,
      });
      if (replaced !== undefined) leftover.push(replaced.modRevision);
      if (value === null && revision <= compacted) leftover.push(revision);
    }
    const { size } = database
      .prepare('SELECT page_count * page_size AS size FROM pragma_page_count, pragma_page_size')
      .get() as { size: number };
    return { leftover, usedBytes: size };
  } finally {
    database.close();
  }
}

async function startJournal(path: string, loadedBytes: number, seal: NonNullable<EngineOptions['seal']>) {
  const worker = new Worker(new URL(`./sqlite-worker${extname(import.meta.url)}`, import.meta.url), {
    workerData: path,
  });
  let usedBytes = loadedBytes;
  let stopped: Error | undefined;
  let settle: ((reply: Reply | Error) => void) | undefined;
  worker.on('message', (reply: Reply) => settle?.(reply));
  worker.on('error', (error) => stop(error as Error));
  worker.on('exit', () => stop(new Error('it stopped')));
  await once(worker, 'online');

  function stop(error: Error): void {
    stopped ??= error;
    settle?.(error);
  }

  async function ask(request: Request, transfer: ArrayBuffer[] = []): Promise<void> {
    if (stopped !== undefined) throw new StoreFailed(`the store's worker failed: ${stopped.message}`);
    const reply = await new Promise<Reply | Error>((resolve) => {
      settle = resolve;
      worker.postMessage(request, transfer);
    });
    if (reply instanceof Error) throw new StoreFailed(`the store's worker failed: ${reply.message}`, { cause: reply });
    if (reply.ok) usedBytes = reply.usedBytes;
    else if (reply.full) throw new StoreFull(`the disk that holds ${path} is full: ${reply.message}`);
    else throw new StoreFailed(`${path} could not be written: ${reply.message}`);
  }

  const toRow = ({ key, value, createRevision, modRevision, deleted, expiresAtMs }: Version) => ({
    revision: modRevision,
    createRevision,
    expiresAtMs,
    key,
    value: deleted ? undefined : seal(key, value),
  });

  const journal: Journal = {
    async write(versions) {
      const rows = packRows(versions.map(toRow));
      await ask({ type: 'write', rows }, [rows]);
    },
    async rewrite(versions) {
      const rows = packRows(versions.map(toRow));
      await ask({ type: 'rewrite', rows }, [rows]);
    },
    trim: (compacted, gone) => ask({ type: 'trim', compacted, gone }),
    scrub: () => ask({ type: 'scrub' }),
    sizeBytes: () => usedBytes,
    async close() {
      if (stopped === undefined) await ask({ type: 'close' });
      await worker.terminate();
    },
  };
  return journal;
}
