/**
 * Exponential back-off with jitter: attempt 0 waits about `initialMs`, each further twice as long up to
 * `maximumMs`; up to half of the wait is random, so that many clients do not come back at once.
 */
export function backOffMs(attempt: number, initialMs: number, maximumMs: number, random = Math.random): number {
  const fullMs = Math.min(maximumMs, initialMs * 2 ** Math.min(attempt, 40));
  return fullMs * (0.5 + random() / 2);
}
