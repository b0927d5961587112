import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';

/** How often the tables are looked for, in case something outside flushed them. */
const restoreMs = 30_000;

/** Has the tables put back when they are gone. Returns what ends that: from then on whoever removes them means it. */
export function keepRestored(restore: () => Promise<unknown>, { clock, log }: { clock: Clock; log: Log }): () => void {
  let stopped = false;
  let cancel = () => {};
  function later(): void {
    if (stopped) return;
    cancel = clock.after(restoreMs, () => {
      restore()
        .catch((error) => log.error('the network tables could not be restored', { error }))
        .finally(later);
    });
  }
  later();
  return () => {
    stopped = true;
    cancel();
  };
}
