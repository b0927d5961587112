import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/**
 * Replaces a file as a whole: readers see the old or the new content, also after a crash. Never readable by others,
 * not even for a moment, unless `mode` says so. A file that somebody else owns stays theirs.
 */
export function writePrivateFile(file: string, content: string, mode = 0o600): void {
  const temporary = `${file}.${process.pid}.new`;
  const owner = statSync(file, { throwIfNoEntry: false });
  // Whatever lies there is of a process that is gone; never written through, as it may be a link.
  rmSync(temporary, { force: true });
  const descriptor = openSync(temporary, 'wx', mode);
  try {
    // an existing file, or the umask, may have given it another mode
    fchmodSync(descriptor, mode);
    if (owner !== undefined && owner.uid !== process.geteuid?.()) fchownSync(descriptor, owner.uid, owner.gid);
    writeSync(descriptor, content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
  syncDirectory(dirname(file));
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
