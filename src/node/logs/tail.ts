import type { FileHandle } from 'node:fs/promises';
import { parseLine } from './line.ts';

const blockBytes = 64 * 1024;
const newline = 0x0a;

/**
 * Where the last `lines` lines of the first `size` bytes begin, reading blocks backwards from the end: a large file costs no more than what is
 * shown. `found` is how many there are when the file has fewer (then the offset is 0). A line that containerd split
 * counts once.
 */
export async function tailOffset(
  file: FileHandle,
  size: number,
  lines: number,
): Promise<{ offset: number; found: number }> {
  let position = size;
  let found = 0;
  /** The beginning of the block after this one, up to its first newline. */
  let rest: Buffer = Buffer.alloc(0);
  while (position > 0) {
    const length = Math.min(blockBytes, position);
    position -= length;
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, position);
    const block = Buffer.concat([buffer, rest]);
    let end = block.length;
    for (;;) {
      const at = end === 0 ? -1 : block.lastIndexOf(newline, end - 1);
      if (at < 0) break;
      // block[at + 1, end) is one raw line; the bytes after the last newline are a line being written.
      if (end > at + 1 && endsLine(block.subarray(at + 1, end))) {
        if (found === lines) return { offset: position + end + 1, found };
        found += 1;
      }
      end = at;
    }
    rest = block.subarray(0, Math.min(end, 2 * blockBytes));
  }
  if (rest.length > 0 && endsLine(rest)) {
    if (found === lines) return { offset: rest.length + 1, found };
    found += 1;
  }
  return { offset: 0, found };
}

const endsLine = (raw: Buffer) => parseLine(raw)?.partial !== true;
