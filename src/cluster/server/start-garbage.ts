import type { Clock } from '../../foundation/clock.ts';

/** The start is over by then, also on a slow machine. */
const afterMs = 10_000;
/** A larger heap belongs to a large cluster: it is not idle, and would be held up for longer than it is worth. */
const heapMaxBytes = 96 * 2 ** 20;

/**
 * Gives back, once, what a start leaves behind: a process that is idle allocates nothing, and V8 collects only when
 * something is allocated. Takes a tenth of a second; needs `--expose-gc`, and does nothing without it.
 */
export function collectStartGarbage(clock: Clock): void {
  clock.after(afterMs, () => {
    if (process.memoryUsage().heapUsed > heapMaxBytes) return;
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  });
}
