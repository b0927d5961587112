import { execFile } from 'node:child_process';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Beyond it, counting is the work of another process: a pod that makes many files must not hold up this one. */
const entriesMax = 10_000;
const elsewhereMsMax = 60_000;

/** Bytes that a directory's files take on disk; nothing when there is none. Rejects when they are too many to count. */
export const diskUsage = (path: string): Promise<number> => countedHere(path).catch(() => countedElsewhere(path));

/** Rejects when there is much, or something that no path of ours reaches: a pod must not hide files so. */
async function countedHere(path: string): Promise<number> {
  let bytes = 0;
  let entries = 0;
  const pending = [path];
  while (pending.length > 0) {
    const directory = pending.pop()!;
    for await (const entry of (await opendir(directory).catch(ifGone)) ?? []) {
      if (++entries > entriesMax) throw new Error('too many files');
      // What is no UTF-8 was read as this.
      if (entry.name.includes('\ufffd')) throw new Error('a name that cannot be asked for');
      const inner = join(directory, entry.name);
      if (entry.isDirectory()) pending.push(inner);
      else bytes += ((await lstat(inner).catch(ifGone))?.blocks ?? 0) * 512;
    }
  }
  return bytes;
}

/** What vanished meanwhile takes nothing. */
function ifGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** By du(1), which says a sum also when something vanished under it. */
async function countedElsewhere(path: string): Promise<number> {
  const words = ['--summarize', '--one-file-system', '--block-size=1', '--', path];
  const { stdout } = await run('du', words, { timeout: elsewhereMsMax }).catch((error: { stdout?: string }) => ({
    stdout: error.stdout ?? '',
  }));
  const bytes = Number.parseInt(stdout, 10);
  if (Number.isNaN(bytes)) throw new Error(`what is in ${path} cannot be counted within ${elsewhereMsMax / 1000} s`);
  return bytes;
}
