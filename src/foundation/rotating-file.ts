import { closeSync, existsSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

export type RotatingFile = { write(line: string): void };

/**
 * A file for lines that never grows beyond `bytesMax`: then it becomes `path.1`, that one `path.2`, and so on; of all
 * there are at most `filesMax`. A line that cannot be written (a full disk) is dropped, as what is logged goes on.
 */
export function createRotatingFile(path: string, { bytesMax = 4 * 2 ** 20, filesMax = 4 } = {}): RotatingFile {
  let open: { descriptor: number; sizeBytes: number } | undefined;

  function current(): { descriptor: number; sizeBytes: number } {
    const descriptor = open?.descriptor ?? openSync(path, 'a', 0o640);
    open ??= { descriptor, sizeBytes: fstatSync(descriptor).size };
    return open;
  }

  function rotate(): void {
    closeSync(current().descriptor);
    open = undefined;
    for (let number = filesMax - 1; number > 0; number--) {
      const older = number === 1 ? path : `${path}.${number - 1}`;
      if (existsSync(older)) renameSync(older, `${path}.${number}`);
    }
  }

  return {
    write(line) {
      try {
        const { sizeBytes } = current();
        if (sizeBytes > 0 && sizeBytes + line.length > bytesMax) rotate();
        const file = current();
        file.sizeBytes += writeSync(file.descriptor, line);
      } catch (error) {
        const { code = '' } = error as NodeJS.ErrnoException;
        if (!['ENOSPC', 'EDQUOT', 'EIO', 'EAGAIN'].includes(code)) throw error;
      }
    },
  };
}
