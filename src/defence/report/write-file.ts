import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '../../foundation/usage-error.ts';

/** Writes a file where somebody asked for it, with its folder. Throws UsageError: the place is theirs to mend. */
export function writeFile(file: string, text: string, options: { mode?: number; flag?: string } = {}): void {
  try {
    makeFolder(dirname(file));
    writeFileSync(file, text, options);
  } catch (error) {
    throw new UsageError(`${file}: cannot be written (${(error as Error).message})`);
  }
}

/** Node's own recursive mkdir tries for ever below /proc, where no folder can be made and none is said to be missing. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}
