import { watch } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { rotatedFiles } from './files.ts';
import { parseLine } from './line.ts';
import { tailOffset } from './tail.ts';

/** As in PodLogOptions. */
export type LogOptions = {
  /** Only the last so many lines; all when absent. */
  tailLines?: number;
  /** Only what was written at or after this time, in milliseconds since the epoch. */
  sinceMs?: number;
  /** Each line begins with the time it was written. */
  timestamps?: boolean;
  /** Ends after so many bytes, also within a line. */
  limitBytes?: number;
  stream?: 'stdout' | 'stderr';
  /** Goes on until the container has ended and everything was read. Asked about once a second while nothing comes. */
  follow?: { isRunning(): Promise<boolean> };
};

const blockBytes = 64 * 1024;
/** inotify may be exhausted or absent on the file system: look by ourselves as often as this. */
const pollMs = 1000;
const newline = 0x0a;
/** A line longer than this is no CRI line (16 KiB and a header) and is given out in pieces. */
const lineBytesMax = 256 * 1024;

/**
 * The text of a container's log, through its rotated files, in chunks. Reads no more than what the consumer takes.
 * A log that does not exist (yet) is empty. Aborting `signal` ends it.
 */
export async function* readLog(path: string, options: LogOptions, signal: AbortSignal): AsyncGenerator<Buffer> {
  let leftBytes = options.limitBytes ?? Number.POSITIVE_INFINITY;
  const render = createRenderer(options);
  for await (const block of rawBlocks(path, options, signal)) {
    const chunk = render(block);
    if (chunk.length > 0) yield chunk.length > leftBytes ? chunk.subarray(0, leftBytes) : chunk;
    leftBytes -= chunk.length;
    if (leftBytes <= 0) return;
  }
}

/** Turns raw bytes into the text to show; keeps the piece of a line that has not come to its end. */
function createRenderer({ sinceMs, timestamps, stream }: LogOptions): (block: Buffer) => Buffer {
  let pending: Buffer = Buffer.alloc(0);
  const inLine = { stdout: false, stderr: false };
  const show = (raw: Buffer, out: Buffer[]) => {
    const line = parseLine(raw);
    if (line === undefined || (stream !== undefined && line.stream !== stream)) return;
    if (sinceMs !== undefined && Date.parse(line.time) < sinceMs) return;
    if (timestamps && !inLine[line.stream]) out.push(Buffer.from(`${line.time} `));
    out.push(line.text);
    if (!line.partial) out.push(Buffer.from('\n'));
    inLine[line.stream] = line.partial;
  };
  return (block) => {
    const bytes = pending.length > 0 ? Buffer.concat([pending, block]) : block;
    const out: Buffer[] = [];
    let start = 0;
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, start)) {
      show(bytes.subarray(start, at), out);
      start = at + 1;
    }
    pending = bytes.length - start > lineBytesMax ? Buffer.alloc(0) : Buffer.from(bytes.subarray(start));
    return Buffer.concat(out);
  };
}

async function* rawBlocks(path: string, options: LogOptions, signal: AbortSignal): AsyncGenerator<Buffer> {
  let file = await openLog(path);
  /** Opened and not yet read; whoever stops listening leaves none open. */
  let later: FileHandle[] = [];
  try {
    const earlier = await startOf(path, file, options);
    for (const segment of earlier.segments) {
      const rotated = await openLog(segment.path);
      if (rotated === undefined) continue;
      try {
        yield* readToEnd(rotated, segment.offset, signal);
      } finally {
        await rotated.close();
      }
    }
    let position = earlier.offset;
    const end = options.follow === undefined ? earlier.end : Number.POSITIVE_INFINITY;
    for (;;) {
      if (file)
        for await (const block of readToEnd(file, position, signal, end)) {
          position += block.length;
          yield block;
        }
      if (options.follow === undefined || signal.aborted) return;
      later = await laterFiles(path, file);
      if (later.length > 0) {
        // What was written between the last read and the rotation.
        if (file) yield* readToEnd(file, position, signal);
        while (later.length > 0) {
          await file?.close();
          file = later.shift()!;
          if (later.length > 0) yield* readToEnd(file, 0, signal);
        }
        position = 0;
        continue;
      }
      if (!(await nextChange(path, position, options.follow, signal))) {
        if (file) yield* readToEnd(file, position, signal);
        return;
      }
    }
  } finally {
    for (const opened of [file, ...later]) await opened?.close();
  }
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
    const file = whole ? undefined : await openLog(rotated);
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

const openLog = (path: string): Promise<FileHandle | undefined> =>
  open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });

/**
 * The files that came after the one that is read, oldest first, the current one last. None while it is still current.
 * More than one when several rotations happened since the last look.
 */
async function laterFiles(path: string, file: FileHandle | undefined): Promise<FileHandle[]> {
  const own = (await file?.stat())?.ino;
  const current = await openLog(path);
  // While containerd is about to make the new file there is none: look again.
  if (current === undefined) return [];
  if ((await current.stat()).ino === own) {
    await current.close();
    return [];
  }
  const later = [current];
  if (file === undefined) return later;
  const last = (await current.stat()).ino;
  for (const rotated of (await rotatedFiles(path)).reverse()) {
    const opened = await openLog(rotated);
    const inode = (await opened?.stat())?.ino;
    // The current file may have been rotated since it was opened: it is already the last.
    if (opened && inode !== own && inode !== last) later.unshift(opened);
    else await opened?.close();
    if (inode === own) break;
  }
  return later;
}

/** Waits for the file to change, a second at most. False when the container has ended, so that nothing will come. */
async function nextChange(
  path: string,
  position: number,
  follow: { isRunning(): Promise<boolean> },
  signal: AbortSignal,
): Promise<boolean> {
  if (await changed(path, position, signal)) return true;
  return !signal.aborted && (await follow.isRunning());
}

function changed(path: string, position: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    let watcher: ReturnType<typeof watch> | undefined;
    const end = (result: boolean) => {
      clearTimeout(timer);
      watcher?.close();
      signal.removeEventListener('abort', aborted);
      resolve(result);
    };
    const aborted = () => end(false);
    const timer = setTimeout(end, pollMs, false);
    signal.addEventListener('abort', aborted);
    try {
      watcher = watch(path, { persistent: false }, () => end(true));
      watcher.on('error', () => {});
    } catch {
      // Not there yet, or no inotify left: the timer looks.
    }
    // What was written after the last read and before the watch tells nobody.
    stat(path).then(
      ({ size }) => size !== position && end(true),
      () => {},
    );
  });
}
