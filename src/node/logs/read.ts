import { rawBlocks } from './blocks.ts';
import { parseLine } from './line.ts';

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
