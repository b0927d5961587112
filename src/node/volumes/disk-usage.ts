import { execFile } from 'node:child_process';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Beyond it, counting is the work of another process: a pod that makes many files must not hold up this one. */
const entriesMax = 10_000;
const elsewhereMsMax = 60_000;

/** Bytes that a directory's files take on disk; nothing when there is none. Rejects when they are too many to count. */
export async function diskUsage(path: string): Promise<number> {
  let bytes = 0;
  let entries = 0;
  const pending = [path];
  while (pending.length > 0) {
    const directory = pending.pop()!;
    // What vanishes meanwhile takes nothing.
    const handle = await opendir(directory).catch(() => undefined);
    if (handle === undefined) continue;
    for await (const entry of handle) {
      if (++entries > entriesMax) return countedElsewhere(path);
      if (entry.isDirectory()) pending.push(join(directory, entry.name));
      else bytes += (await lstat(join(directory, entry.name)).catch(() => ({ blocks: 0 }))).blocks * 512;
    }
  }
  return bytes;
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
