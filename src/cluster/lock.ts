import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { processStartTime } from '../foundation/process-id.ts';
import { UsageError } from '../foundation/usage-error.ts';
import { type Configuration, layout } from './configuration.ts';

type Place = Pick<Configuration, 'dataDirectory' | 'runDirectory'>;

/**
 * Runs what changes a cluster alone: two commands at once would start processes twice or lose a key. Throws UsageError
 * while another one is at work. A lock whose holder was killed is taken over.
 */
export async function withLock<Result>(place: Place, run: () => Promise<Result>): Promise<Result> {
  const { lock } = layout(place);
  const mine = `${lock}.${process.pid}`;
  const holder = `${process.pid} ${processStartTime(process.pid)}\n`;
  writeFileSync(mine, holder, { mode: 0o600 });
  try {
    take(mine, lock, place.dataDirectory);
  } finally {
    rmSync(mine, { force: true });
  }
  try {
    return await run();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** A link appears with its content, so that nobody reads a lock without a holder. */
function take(mine: string, lock: string, dataDirectory: string): void {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      linkSync(mine, lock);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [pid, started] = readHolder(lock);
    if (processStartTime(Number(pid)) === started && started !== undefined)
      throw new UsageError(`Another rempart (pid ${pid}) is at work on ${dataDirectory}: wait until it has ended.`);
    rmSync(lock, { force: true });
  }
  throw new UsageError(`${lock} cannot be taken: another rempart is at work on ${dataDirectory}.`);
}

function readHolder(lock: string): string[] {
  try {
    return readFileSync(lock, 'utf8').trim().split(' ');
  } catch {
    return []; // it was given back meanwhile
  }
}
