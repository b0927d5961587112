import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

const entriesMax = 100_000;

/**
 * Bytes that a directory's files take on disk; nothing when there is none. Stops counting after 100,000 entries.
 */
export async function diskUsage(path: string): Promise<number> {
  let bytes = 0;
  let entries = 0;
  const pending = [path];
  while (pending.length > 0 && entries < entriesMax) {
    const directory = pending.pop()!;
    // What vanishes meanwhile takes nothing.
    const handle = await opendir(directory).catch(() => undefined);
    if (handle === undefined) continue;
    for await (const entry of handle) {
      if (++entries >= entriesMax) break;
      if (entry.isDirectory()) pending.push(join(directory, entry.name));
      else bytes += (await lstat(join(directory, entry.name)).catch(() => ({ blocks: 0 }))).blocks * 512;
    }
  }
  return bytes;
}
