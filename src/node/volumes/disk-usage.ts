import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

const entriesMax = 100_000;

/**
 * Bytes that a directory's files take on disk. Stops counting beyond `enoughBytes`, and after 100,000 entries: whoever
 * asks wants to know whether a limit is passed.
 */
export async function diskUsage(path: string, enoughBytes = Number.POSITIVE_INFINITY): Promise<number> {
  let bytes = 0;
  let entries = 0;
  const pending = [path];
  while (pending.length > 0 && bytes <= enoughBytes && entries < entriesMax) {
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
