import type { Clock } from '../foundation/clock.ts';

/** Whether one more may be done now, of `most` within `periodMs`: what was not used is there again little by little. */
export function createAllowance(clock: Clock, most: number, periodMs: number): () => boolean {
  let left = most;
  let askedMs = clock.monotonicMs();
  return () => {
    const nowMs = clock.monotonicMs();
    left = Math.min(most, left + (most * (nowMs - askedMs)) / periodMs);
    askedMs = nowMs;
    if (left < 1) return false;
    left--;
    return true;
  };
}
