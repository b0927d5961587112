import { readFileSync, statSync } from 'node:fs';
import { UsageError } from '../../foundation/usage-error.ts';
import { writeFile } from '../report/write-file.ts';
import type { Change } from '../snapshot/snapshot.ts';

const apiVersion = 'defence.rempart.io/v1alpha1';
const kind = 'Undo';
const bytesMax = 64 * 2 ** 20;

/** What puts everything back, for its owner's eyes only: it may hold whole objects. Never overwrites a file. */
export function writeUndo(file: string, undo: Change[]): void {
  writeFile(file, `${JSON.stringify({ apiVersion, kind, changes: undo }, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
}

/** Throws UsageError for what is no such file. */
export function readUndo(file: string): Change[] {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw new UsageError(`${file}: there is no such file`);
  if (size > bytesMax) throw new UsageError(`${file}: larger than ${bytesMax / 2 ** 20} MB`);
  let read: any;
  try {
    read = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${file}: is not JSON (${(error as Error).message})`);
  }
  if (
    read?.apiVersion !== apiVersion ||
    read.kind !== kind ||
    !Array.isArray(read.changes) ||
    !read.changes.every(isChange)
  )
    throw new UsageError(`${file}: is no undo that rempart preview --apply wrote`);
  return read.changes;
}

const isChange = (change: any): boolean =>
  typeof change?.remove?.kind === 'string' ||
  (typeof change?.put?.kind === 'string' &&
    typeof change.put.apiVersion === 'string' &&
    typeof change.put.metadata?.name === 'string');
