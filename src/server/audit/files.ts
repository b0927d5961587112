import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { genesis, hashOf, linkOf } from './lines.ts';

/** A line of the log with its number and its hash, which the next line names. */
export type AuditLine = { text: string; sequence: number; hash: string };

/** The end of the log as it was last written: kept apart from it, so that a cut-off end is missed. */
export type Head = {
  sequence: number;
  hash: string;
  /** The first line that rotation has not removed. */
  oldest: number;
};

export type AuditFiles = {
  /** Where the chain goes on; `gap` says what is wrong with how the log ends. */
  end: { sequence: number; hash: string; gap?: string };
  /** Lines without newlines. Rejects when they could not be written as a whole; they are then not in the log. */
  append(lines: AuditLine[]): Promise<void>;
  /** Notes how far the log has come: from now on it is missed when it ends earlier. */
  writeHead(): Promise<void>;
  close(): Promise<void>;
};

const currentFile = 'audit.log';
const headFile = 'audit.head';
const partShape = /^audit-(\d{12})\.log$/;

/** The closed parts of a log, oldest first, then the current file. Their names tell their first line's number. */
export function auditParts(directory: string): string[] {
  const parts = readdirSync(directory).filter((name) => partShape.test(name));
  return [...parts.sort(), ...(existsSync(join(directory, currentFile)) ? [currentFile] : [])];
}

/** What is in the head file; undefined before the first line. Throws when it is not readable as one. */
export function readHead(directory: string): Head | undefined {
  const file = join(directory, headFile);
  if (!existsSync(file)) return undefined;
  const head = JSON.parse(readFileSync(file, 'utf8'));
  if (!Number.isSafeInteger(head.sequence) || typeof head.hash !== 'string') throw new Error(`${file} is damaged`);
  return head;
}

/** Most lines are far shorter; for one that is not, more is read. */
const readBytes = 1 << 20;

/** The last whole line of a file, and how long the file is up to its end. */
function lastLine(file: string): { line: string; bytes: number } | undefined {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    for (let length = Math.min(size, readBytes); ; length = Math.min(size, length * 2)) {
      const buffer = Buffer.alloc(length);
      readSync(descriptor, buffer, 0, length, size - length);
      const end = buffer.lastIndexOf(0x0a);
      const start = end <= 0 ? -1 : buffer.lastIndexOf(0x0a, end - 1);
      if (start < 0 && length < size) continue;
      if (end < 0) return undefined;
      return { line: buffer.toString('utf8', start + 1, end), bytes: size - length + end + 1 };
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Cuts off a line that a crash left unfinished: it was never acknowledged to anybody. */
function mendCurrent(file: string): void {
  if (!existsSync(file)) return;
  const bytes = lastLine(file)?.bytes ?? 0;
  const descriptor = openSync(file, 'r+');
  try {
    if (fstatSync(descriptor).size > bytes) ftruncateSync(descriptor, bytes);
  } finally {
    closeSync(descriptor);
  }
}

function findEnd(directory: string): { sequence: number; hash: string; oldest: number; gap?: string } {
  const head = readHead(directory);
  const last = auditParts(directory)
    .reverse()
    .map((name) => lastLine(join(directory, name))?.line)
    .find((line) => line !== undefined);
  if (last === undefined) {
    const gap = head === undefined ? undefined : `no lines are left of ${head.sequence}`;
    return { sequence: head?.sequence ?? 0, hash: head?.hash ?? genesis, oldest: head?.oldest ?? 1, gap };
  }
  const link = linkOf(last);
  const oldest = head?.oldest ?? 1;
  if (link === undefined)
    return { ...(head ?? { sequence: 0, hash: genesis }), oldest, gap: 'the last line is damaged' };
  if (head !== undefined && link.sequence < head.sequence)
    return { ...head, gap: `the lines ${link.sequence + 1} to ${head.sequence} are missing` };
  return { sequence: link.sequence, hash: hashOf(last), oldest };
}

type FileOptions = { directory: string; fileBytesMax: number; filesMax: number };

export function openAuditFiles({ directory, fileBytesMax, filesMax }: FileOptions): AuditFiles {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, currentFile);
  mendCurrent(file);
  const { sequence, hash, oldest: firstKept, gap } = findEnd(directory);
  let handle: FileHandle | undefined;
  let headHandle: FileHandle | undefined;
  let bytes = 0;
  let last: Pick<AuditLine, 'sequence' | 'hash'> = { sequence, hash };
  let oldest = firstKept;
  let first = existsSync(file) ? (firstSequence(file) ?? sequence + 1) : sequence + 1;

  async function current(): Promise<FileHandle> {
    if (handle === undefined) {
      handle = await open(file, 'a', 0o600);
      bytes = (await handle.stat()).size;
    }
    return handle;
  }

  async function rotate(next: number): Promise<void> {
    await handle?.close();
    handle = undefined;
    renameSync(file, join(directory, `audit-${String(first).padStart(12, '0')}.log`));
    first = next;
    const parts = auditParts(directory).filter((name) => name !== currentFile);
    const removed = parts.slice(0, Math.max(0, parts.length - (filesMax - 1)));
    const kept = parts[removed.length];
    oldest = kept === undefined ? next : Number(partShape.exec(kept)![1]);
    for (const name of removed) rmSync(join(directory, name));
  }

  async function writeHead(): Promise<void> {
    headHandle ??= await openHead(directory);
    await headHandle.write(headBytes({ sequence: last.sequence, hash: last.hash, oldest }), 0, headLength, 0);
  }

  return {
    end: { sequence, hash, gap },
    async append(lines) {
      let target = await current();
      if (bytes > fileBytesMax) {
        await rotate(lines[0]!.sequence);
        target = await current();
        // Which parts are kept has changed: nobody may look for those that are gone. Before there is a line to lose.
        await writeHead();
      }
      const written = Buffer.from([...lines.map(({ text }) => text), ''].join('\n'));
      try {
        await target.appendFile(written);
      } catch (error) {
        // half a write must not stay: the same lines are written again later
        await target.truncate(bytes);
        throw error;
      }
      last = lines.at(-1)!;
      bytes += written.length;
    },
    writeHead,
    async close() {
      await handle?.close();
      await headHandle?.close();
      [handle, headHandle] = [undefined, undefined];
    },
  };
}

function firstSequence(file: string): number | undefined {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(readBytes);
    const length = readSync(descriptor, buffer, 0, buffer.length, 0);
    return linkOf(buffer.toString('utf8', 0, Math.max(0, buffer.subarray(0, length).indexOf(0x0a))))?.sequence;
  } finally {
    closeSync(descriptor);
  }
}

/** Less than a sector and always as long: it is written in place, whole or not at all. */
const headLength = 256;
const headBytes = (head: Head) => Buffer.from(`${JSON.stringify(head).padEnd(headLength - 1)}\n`);

/**
 * Opened once and written in place: on a journaling file system, a rename over an existing file waits for the disk, and
 * would do so after every turn. Before the first line it is created whole.
 */
async function openHead(directory: string): Promise<FileHandle> {
  const file = join(directory, headFile);
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, headBytes({ sequence: 0, hash: genesis, oldest: 1 }), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return open(file, 'r+');
}
