import { link, rename, rm, stat } from 'node:fs/promises';
import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import { repeat } from '../../foundation/repeat.ts';
import { rotatedFiles, rotatedName } from './files.ts';

export type RotationOptions = {
  /** A log that is larger is rotated; 10 MiB as in kubelet. */
  bytesMax?: number;
  /** Files per container, the current one included; 5 as in kubelet. */
  filesMax?: number;
  clock: Clock;
  log: Log;
  /** The running containers: id and the absolute path of the log. */
  containers(): Promise<{ id: string; logPath: string }[]>;
  /** `runtime.reopenLog`: containerd goes on in a new file of the old name. */
  reopen(containerId: string): Promise<void>;
};

const everyMs = 10_000;

/** Looks at every running container's log once in ten seconds. `check` looks now; `stop` ends it. */
export function startLogRotation(options: RotationOptions): { check(): Promise<void>; stop(): void } {
  const check = async () => {
    for (const container of await options.containers()) await rotateWhenLarge(container, options);
  };
  const round = async () => {
    await check().catch((error) => options.log.warn('logs could not be rotated', { error }));
    return everyMs;
  };
  return { check, stop: repeat(options.clock, round, everyMs) };
}

async function rotateWhenLarge(container: { id: string; logPath: string }, options: RotationOptions): Promise<void> {
  const { bytesMax = 10 * 2 ** 20, filesMax = 5, clock, log } = options;
  const { id, logPath } = container;
  const size = (await stat(logPath).catch(() => undefined))?.size ?? 0;
  if (size <= bytesMax) return;
  const rotated = rotatedName(logPath, clock.now());
  await rename(logPath, rotated);
  try {
    await options.reopen(id);
  } catch (error) {
    log.warn('a log could not be reopened', { containerId: id, error });
    // containerd writes on into the renamed file: give it its name back, and try the next time. Unless it has made a new
    // one after all, and only did not say so in time.
    if (await givenBack(rotated, logPath)) return;
  }
  await removeOldest(logPath, filesMax - 1);
}

/** Never over another file, as a rename would. */
async function givenBack(rotated: string, logPath: string): Promise<boolean> {
  try {
    await link(rotated, logPath);
  } catch {
    return false;
  }
  await rm(rotated);
  return true;
}

async function removeOldest(logPath: string, keep: number): Promise<void> {
  const files = await rotatedFiles(logPath);
  for (const file of files.slice(0, Math.max(0, files.length - keep))) await rm(file, { force: true });
}
