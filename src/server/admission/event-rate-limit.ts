import { ApiError } from '../../api/status.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { AdmissionPlugin } from '../contracts.ts';

/** Events per second in the long run, and at once, of one namespace. */
const bucket = { perSecond: 50, burst: 1000 };
const namespacesMax = 10_000;

/** A pod in a crash loop, or an operator in a loop, does not fill the store with events. */
export function eventRateLimit(clock: Clock): AdmissionPlugin {
  const buckets = new Map<string, { tokens: number; filledMs: number }>();
  return {
    name: 'EventRateLimit',
    validate({ operation, kind, namespace }) {
      if (kind.resource !== 'events' || (operation !== 'CREATE' && operation !== 'UPDATE')) return;
      const nowMs = clock.monotonicMs();
      if (buckets.size >= namespacesMax) buckets.clear();
      const { tokens, filledMs } = buckets.get(namespace) ?? { tokens: bucket.burst, filledMs: nowMs };
      const filled = Math.min(bucket.burst, tokens + ((nowMs - filledMs) / 1000) * bucket.perSecond);
      buckets.set(namespace, { tokens: Math.max(0, filled - 1), filledMs: nowMs });
      if (filled >= 1) return;
      const message = `too many events in namespace "${namespace}": more than ${bucket.perSecond} a second`;
      throw new ApiError('TooManyRequests', message, { retryAfterSeconds: 1 });
    },
  };
}
