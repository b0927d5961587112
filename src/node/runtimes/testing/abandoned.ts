import { existsSync, readdirSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processStartTime } from '../../../foundation/process-id.ts';

const removalMsMax = 120_000;
const markPattern = /^owner-(\d+)-(\d+)-(\d+)$/;

const ownNamespace = () => /\d+/.exec(readlinkSync('/proc/self/ns/pid'))![0];

/** Of a process: the namespace of its number, the number and when it started. */
function markOf(pid: number): string {
  return `owner-${ownNamespace()}-${pid}-${processStartTime(pid) ?? 0}`;
}

/** Says whose a folder is, so that a later run of tests sees when it was left by one that was killed. */
export const markAsOwn = (folder: string): void => writeFileSync(join(folder, markOf(process.pid)), '');

/**
 * Removes the folders that begin with `prefix` and whose process is gone. Of several processes that find one, one removes
 * it and the others wait. A folder without a mark is nobody's business.
 */
export async function removeAbandoned(prefix: string, remove: (folder: string) => Promise<void>): Promise<void> {
  const parent = dirname(prefix);
  const folders = readdirSync(parent).map((name) => join(parent, name));
  for (const folder of folders.filter((path) => path.startsWith(prefix))) {
    const mark = abandonedMark(folder);
    if (mark === undefined) continue;
    if (takeOver(folder, mark)) await remove(folder);
    else await removal(folder);
  }
}

function abandonedMark(folder: string): string | undefined {
  const namespace = ownNamespace();
  return namesIn(folder).find((name) => {
    const [, where, pid, startTime] = markPattern.exec(name) ?? [];
    return where === namespace && processStartTime(Number(pid)) !== startTime;
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // not a folder, or gone meanwhile
  }
}

/** Only one process can rename a file. */
function takeOver(folder: string, mark: string): boolean {
  try {
    renameSync(join(folder, mark), join(folder, markOf(process.pid)));
    return true;
  } catch {
    return false;
  }
}

async function removal(folder: string): Promise<void> {
  for (const startMs = performance.now(); existsSync(folder); await sleep(50))
    if (performance.now() - startMs > removalMsMax)
      throw new Error(`another run of tests does not get done with removing ${folder}`);
}
