import { watch } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { rotatedFiles } from './files.ts';

/** inotify may be exhausted or absent on the file system: look by ourselves as often as this. */
const pollMs = 1000;
/** What containerd had taken in for the old file before it went on in the new one is written in less. */
const quietMs = 100;

/**
 * The file that came after the one that is read, which is `undefined` when there was none yet. Undefined while that is
 * the one that is written: containerd makes a new file before it leaves the old one, so until something is in it.
 */
export async function nextFile(path: string, file: FileHandle | undefined): Promise<FileHandle | undefined> {
  const inodeOf = async (opened: FileHandle | undefined) => (await opened?.stat())?.ino;
  const own = await inodeOf(file);
  let next = await openOr(path);
  const last = await inodeOf(next);
  if (next !== undefined && (last === own || (await next.stat()).size === 0)) {
    await next.close();
    next = undefined;
  }
  if (last === undefined || last === own) return next;
  // Looked for after the current file: whatever it came after has its name by now. Several, when rotations were many.
  for (const rotated of file === undefined ? [] : (await rotatedFiles(path)).reverse()) {
    const opened = await openOr(rotated);
    const inode = await inodeOf(opened);
    // The current file may have been rotated since it was opened: it is known already.
    if (inode === own || inode === last || opened === undefined) await opened?.close();
    else {
      await next?.close();
      next = opened;
    }
    if (inode === own) break;
  }
  return next;
}

const openOr = (path: string) => open(path, 'r').catch(() => undefined);

/** Reads until nothing comes any more: what is written into a file that was left. */
export async function* untilQuiet(read: () => AsyncGenerator<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  for (let isQuiet = false; !isQuiet && !signal.aborted; ) {
    isQuiet = true;
    await pause(quietMs, undefined, { signal }).catch(() => {});
    for await (const block of read()) {
      isQuiet = false;
      yield block;
    }
  }
}

/** Waits for the log to change, a second at most. False when the container has ended, so that nothing will come. */
export async function nextChange(
  path: string,
  file: FileHandle | undefined,
  position: number,
  follow: { isRunning(): Promise<boolean> },
  signal: AbortSignal,
): Promise<boolean> {
  const own = await file?.stat();
  // What was written after the last read, or into the next file, and before the watch tells nobody.
  const hasMissed = async () => {
    const current = await stat(path);
    return current.ino === own?.ino ? current.size !== position : current.size > 0;
  };
  if (await changed(path, hasMissed, signal)) return true;
  return !signal.aborted && (await follow.isRunning());
}

function changed(path: string, hasMissed: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
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
    hasMissed().then(
      (missed) => missed && end(true),
      () => {},
    );
  });
}
