import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const suffix = /^\.\d{8}-\d{6}-\d{3}$/;

/** `0.log` becomes `0.log.20260131-081500-123`: in the order of names is in the order of time. */
export function rotatedName(path: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]/g, '').replace('T', '-').replace('.', '-').slice(0, 19);
  return `${path}.${time}`;
}

/** The rotated files of a log, oldest first; none when its folder is gone. */
export async function rotatedFiles(path: string): Promise<string[]> {
  const names = await readdir(dirname(path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const name = basename(path);
  const rotated = names.filter((other) => other.startsWith(name) && suffix.test(other.slice(name.length)));
  return rotated.sort().map((other) => join(dirname(path), other));
}
