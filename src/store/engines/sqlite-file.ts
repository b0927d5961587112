import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Marks the file as ours, and its layout: see the table below. */
const applicationId = 0x52454d50;
const layoutVersion = 1;

/**
 * Opens or creates the database: an append-only log with one row per revision, and one row of facts. The rows of
 * superseded versions stay until they are trimmed, so watches can resume across a restart. No index besides the
 * revision is needed, since all reading is done from memory. Only this connection may have it open.
 */
export function openFile(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const isNew = (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
  const database = new DatabaseSync(path);
  try {
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      ${isNew ? 'PRAGMA auto_vacuum = INCREMENTAL;' : ''}
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = 1000;
      PRAGMA journal_size_limit = 16777216;
      PRAGMA cache_size = -4000;
      PRAGMA cell_size_check = ON;
      PRAGMA secure_delete = FAST;
    `);
    checkLayout(database, path);
  } catch (error) {
    database.close();
    throw explain(error, path);
  }
  return database;
}

function checkLayout(database: DatabaseSync, path: string): void {
  const { application_id: id } = database.prepare('PRAGMA application_id').get() as { application_id: number };
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  const { n: tables } = database.prepare('SELECT count(*) AS n FROM sqlite_schema').get() as { n: number };
  if (tables > 0 && id !== applicationId) throw new Error(`${path} is a database of another program`);
  if (version > layoutVersion) throw new Error(`${path} was written by a newer version: layout ${version}`);
  if (tables > 0) return;
  database.exec(`
    BEGIN;
    PRAGMA application_id = ${applicationId};
    PRAGMA user_version = ${layoutVersion};
    CREATE TABLE log (
      revision INTEGER PRIMARY KEY, key TEXT NOT NULL, value BLOB, created INTEGER NOT NULL, expires INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE facts (id INTEGER PRIMARY KEY CHECK (id = 1), compacted INTEGER NOT NULL) STRICT;
    INSERT INTO facts VALUES (1, 0);
    COMMIT;
  `);
}

/** SQLite's result codes (https://sqlite.org/rescode.html) in words of what to do. */
function explain(error: unknown, path: string): Error {
  const code = (error as { errcode?: number }).errcode ?? 0;
  const cause = { cause: error };
  if ((code & 0xff) === 5) return new Error(`${path} is in use by another process: is a server running?`, cause);
  if ((code & 0xff) === 26) return new Error(`${path} is not a database, or is damaged`, cause);
  if (isFull(error)) return new Error(`there is no room on the disk to open ${path}`, cause);
  return error instanceof Error ? error : new Error(String(error));
}

const [sqliteFull, ioErrorWrite, ioErrorFsync] = [13, 778, 1034];

/** A full disk shows as SQLITE_FULL, and on some file systems as a failed write or flush with ENOSPC beneath. */
export function isFull(error: unknown): boolean {
  const { errcode = 0, message = '' } = error as { errcode?: number; message?: string };
  if ((errcode & 0xff) === sqliteFull) return true;
  return [ioErrorWrite, ioErrorFsync].includes(errcode) && /full|space/i.test(message);
}
