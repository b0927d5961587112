import { statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { isFull, openFile } from './sqlite-file.ts';
import { unpackRows } from './sqlite-frames.ts';

/** What the worker is asked; each is answered by one `Reply`, in order. */
export type Request =
  | { type: 'write'; rows: ArrayBuffer }
  | { type: 'rewrite'; rows: ArrayBuffer }
  | { type: 'trim'; compacted: number; gone: number[] }
  | { type: 'scrub' }
  | { type: 'close' };
/** `usedBytes` leaves out pages that are free for reuse. */
export type Reply = { ok: true; usedBytes: number } | { ok: false; full: boolean; message: string };

const vacuumPagesAtOnce = 2000;

const path = workerData as string;
const database = openFile(path);
const insert = database.prepare('INSERT INTO log (revision, key, value, created, expires) VALUES (?, ?, ?, ?, ?)');
const drop = database.prepare('DELETE FROM log WHERE revision = ?');
const rewrite = database.prepare('UPDATE log SET value = ? WHERE revision = ?');
const remember = database.prepare('UPDATE facts SET compacted = ? WHERE id = 1');
const pages = database.prepare('SELECT page_count, freelist_count FROM pragma_page_count, pragma_freelist_count');
const pageBytes = (database.prepare('PRAGMA page_size').get() as { page_size: number }).page_size;

function pageCounts(): { used: number; free: number } {
  const { page_count, freelist_count } = pages.get() as { page_count: number; freelist_count: number };
  return { used: page_count - freelist_count, free: freelist_count };
}

function transaction(body: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    body();
    database.exec('COMMIT');
  } catch (error) {
    // SQLite has already rolled back after some errors, such as a full disk.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function write(rows: ArrayBuffer): void {
  for (const { revision, key, value, createRevision, expiresAtMs } of unpackRows(rows))
    insert.run(revision, key, value ?? null, createRevision, expiresAtMs);
}

function writeAgain(rows: ArrayBuffer): void {
  for (const { revision, value } of unpackRows(rows)) rewrite.run(value ?? null, revision);
}

function trim(compacted: number, gone: number[]): void {
  for (const revision of gone) drop.run(revision);
  remember.run(compacted);
}

/** Within pages SQLite overwrites by itself (secure_delete); free pages are cut off, and then the log of writes. */
function scrub(): void {
  database.exec('PRAGMA incremental_vacuum');
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
}

function answer(request: Request): void {
  if (request.type === 'write') transaction(() => write(request.rows));
  else if (request.type === 'rewrite') transaction(() => writeAgain(request.rows));
  else if (request.type === 'trim') {
    transaction(() => trim(request.compacted, request.gone));
    const { used, free } = pageCounts();
    if (free > used / 4) database.exec(`PRAGMA incremental_vacuum(${vacuumPagesAtOnce})`);
  } else if (request.type === 'scrub') scrub();
  else database.close();
}

function reply(request: Request): Reply {
  try {
    answer(request);
    return { ok: true, usedBytes: database.isOpen ? pageCounts().used * pageBytes : statSync(path).size };
  } catch (error) {
    return { ok: false, full: isFull(error), message: (error as Error).message };
  }
}

parentPort!.on('message', (request: Request) => {
  parentPort!.postMessage(reply(request));
  if (request.type === 'close') parentPort!.close();
});
