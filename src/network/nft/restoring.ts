import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import { repeat } from '../../foundation/repeat.ts';

/** How often the tables are looked for, in case something outside flushed them. */
const restoreMs = 30_000;

/** Has the tables put back when they are gone. Returns what ends that: from then on whoever removes them means it. */
export function keepRestored(restore: () => Promise<unknown>, { clock, log }: { clock: Clock; log: Log }): () => void {
  const round = async () => {
    await restore().catch((error) => log.error('the network tables could not be restored', { error }));
    return restoreMs;
  };
  return repeat(clock, round, restoreMs);
}
