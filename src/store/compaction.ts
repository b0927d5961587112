import type { Clock } from '../foundation/clock.ts';
import type { Journal } from './journal.ts';
import type { History } from './model/history.ts';
import { createRetention, type Retention } from './model/retention.ts';

/**
 * What history forgets, and what the journal still has of it. History forgets at once; to drop it from the journal takes
 * the disk, which may be busy or full: until then it is pending.
 */
export type Compaction = {
  /** Forgets what is over the limits. */
  forgetOld(): void;
  forget(revision: number): void;
  /** Is there something that the journal has to drop? */
  pending(): boolean;
  /** Drops a part of it. Resolves with the error that prevented it: then it stays for the next time. */
  trim(): Promise<unknown>;
};

const trimmedAtOnceMax = 5000;

/** `leftover` are revisions that were forgotten before a crash, and that the journal has still. */
export function createCompaction(
  history: History,
  journal: Journal,
  limits: Retention,
  clock: Clock,
  leftover: number[],
): Compaction {
  const retention = createRetention(history, limits, clock);
  let gone = leftover;
  let trimmedTo = history.compacted();

  function forget(revision: number): void {
    gone = gone.concat(history.compact(revision));
  }

  async function trim(): Promise<unknown> {
    const part = gone.slice(0, trimmedAtOnceMax);
    const compacted = history.compacted();
    if (part.length === 0 && compacted === trimmedTo) return undefined;
    try {
      await journal.trim(compacted, part);
    } catch (error) {
      return error;
    }
    trimmedTo = compacted;
    gone = gone.slice(part.length);
    return undefined;
  }

  return {
    forgetOld() {
      if (retention.exceeded()) forget(retention.target());
    },
    forget,
    pending: () => gone.length > 0,
    trim,
  };
}
