import { type FileHandle, open, stat } from 'node:fs/promises';
import { rotatedFiles } from './files.ts';
import { nextChange, nextFile, untilQuiet } from './follow.ts';
import type { LogOptions } from './read.ts';
import { tailOffset } from './tail.ts';

const blockBytes = 64 * 1024;

/** The bytes of a log as they are in its files, rotated ones first, that `options` are about. */
export async function* rawBlocks(path: string, options: LogOptions, signal: AbortSignal): AsyncGenerator<Buffer> {
  let file = await openNewest(path);
  try {
    const earlier = await startOf(path, file, options);
    for (const segment of earlier.segments) {
      const rotated = await openFile(segment.path);
      if (rotated === undefined) continue;
      try {
        yield* readToEnd(rotated, segment.offset, signal);
      } finally {
        await rotated.close();
      }
    }
    let position = earlier.offset;
    const read = async function* (end?: number) {
      if (file)
        for await (const block of readToEnd(file, position, signal, end)) {
          position += block.length;
          yield block;
        }
    };
    if (options.follow === undefined) return yield* read(earlier.end);
    while (!signal.aborted) {
      yield* read();
      const next = await nextFile(path, file);
      if (next !== undefined) {
        try {
          yield* untilQuiet(read, signal);
        } finally {
          // Whoever stops listening leaves none open.
          await file?.close();
          file = next;
          position = 0;
        }
      } else if (!(await nextChange(path, file, position, options.follow, signal))) return yield* read();
    }
  } finally {
    await file?.close();
  }
}

/** The current file; between the two steps of a rotation, when there is none, the one that was current. */
async function openNewest(path: string): Promise<FileHandle | undefined> {
  const current = await openFile(path);
  if (current !== undefined) return current;
  const rotated = (await rotatedFiles(path)).at(-1);
  return rotated === undefined ? undefined : openFile(rotated);
}

/**
 * Where to begin: rotated files that are still wanted, each with an offset, and the offset in the current file; and
 * where that ended: what is written while a tail is read is no part of it.
 */
async function startOf(path: string, current: FileHandle | undefined, { tailLines, sinceMs }: LogOptions) {
  const segments: { path: string; offset: number }[] = [];
  let wanted = tailLines ?? Number.POSITIVE_INFINITY;
  const whole = tailLines === undefined;
  const { ino: inode, size: end = 0 } = (await current?.stat()) ?? {};
  const own = whole || !current ? { offset: 0, found: 0 } : await tailOffset(current, end, wanted);
  wanted -= own.found;
  for (const rotated of (await rotatedFiles(path)).reverse()) {
    if (wanted <= 0) break;
    const known = await stat(rotated).catch(() => undefined);
    // The current file may have been rotated since it was opened.
    if (known === undefined || known.ino === inode) continue;
    if (sinceMs !== undefined && known.mtimeMs < sinceMs) break;
    const file = whole ? undefined : await openFile(rotated);
    const { offset, found } = file ? await tailOffset(file, known.size, wanted) : { offset: 0, found: 0 };
    await file?.close();
    wanted -= found;
    segments.unshift({ path: rotated, offset });
  }
  return { segments, offset: own.offset, end };
}

async function* readToEnd(
  file: FileHandle,
  from: number,
  signal: AbortSignal,
  end = Number.POSITIVE_INFINITY,
): AsyncGenerator<Buffer> {
  let position = from;
  while (!signal.aborted && position < end) {
    const length = Math.min(blockBytes, end - position);
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

const openFile = (path: string): Promise<FileHandle | undefined> =>
  open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
