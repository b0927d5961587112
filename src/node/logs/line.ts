/** One line of a container's log file as CRI writes it: `2026-01-31T08:15:00.123456789Z stdout F text`. */
export type LogLine = {
  time: string;
  stream: 'stdout' | 'stderr';
  /** `P`: containerd split a long line here (every 16 KiB), and it goes on in the next one of the same stream. */
  partial: boolean;
  /** Without the line's end. */
  text: Buffer;
};

const space = 0x20;

/** Undefined for what is no CRI line, such as the rest of one that a full disk cut. `raw` is without its newline. */
export function parseLine(raw: Buffer): LogLine | undefined {
  const first = raw.indexOf(space);
  const second = raw.indexOf(space, first + 1);
  const third = raw.indexOf(space, second + 1);
  if (first < 20 || second < 0) return undefined;
  const stream = raw.toString('latin1', first + 1, second);
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  const tags = raw.toString('latin1', second + 1, third < 0 ? raw.length : third);
  const text = third < 0 ? raw.subarray(raw.length) : raw.subarray(third + 1);
  return { time: raw.toString('latin1', 0, first), stream, partial: tags.split(':')[0] === 'P', text };
}
