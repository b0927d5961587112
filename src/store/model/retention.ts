import type { Clock } from '../../foundation/clock.ts';
import type { History } from './history.ts';

/** How much history is kept for watches and paged lists, whichever limit is reached first. */
export type Retention = { historyEventsMax: number; historyAgeMsMax: number; historyBytesMax: number };

const markEveryMs = 5000;

/** Decides when history is compacted, and to which revision. Ages count from when this process first saw a revision. */
export function createRetention(history: History, limits: Retention, clock: Clock) {
  let marks: { revision: number; atMs: number }[] = [{ revision: history.visible(), atMs: clock.monotonicMs() }];

  /** The newest mark that is old enough, if it was not compacted yet. */
  function aged(): number {
    const nowMs = clock.monotonicMs();
    const last = marks.at(-1)!;
    // While nothing is written there is nothing to mark: the marks of an idle store would never end.
    if (history.visible() > last.revision && nowMs - last.atMs >= markEveryMs)
      marks.push({ revision: history.visible(), atMs: nowMs });
    const old = marks.findLast((mark) => nowMs - mark.atMs >= limits.historyAgeMsMax);
    return old?.revision ?? 0;
  }

  const tooMany = () => history.visible() - history.compacted() > limits.historyEventsMax;
  const tooBig = () => history.supersededBytes() > limits.historyBytesMax;

  return {
    exceeded: () => tooMany() || tooBig() || aged() > history.compacted(),
    /** A tenth more than necessary, so that it is not due again with the next write. */
    target(): number {
      const [first, last] = [history.compacted(), history.visible()];
      const byAge = aged();
      marks = marks.filter((mark) => mark.revision > byAge || mark === marks.at(-1));
      const byCount = tooMany() ? last - Math.floor(limits.historyEventsMax * 0.9) : 0;
      const byBytes = tooBig() ? Math.ceil((first + last) / 2) : 0;
      return Math.max(byAge, byCount, byBytes);
    },
  };
}
