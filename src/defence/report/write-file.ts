import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../../foundation/make-folder.ts';
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
