import { inOnePiece } from './one-piece.ts';

/**
 * Time as a dependency, so that tests and the simulator can own it. `now()` is wall time in milliseconds since the
 * epoch; `monotonicMs()` never jumps and is what durations, leases and back-offs are measured with.
 */
export type Clock = {
  now(): number;
  monotonicMs(): number;
  /** Calls back once after `delayMs`, however long; the timer never keeps a process alive. Returns what cancels it. */
  after(delayMs: number, callback: () => void): () => void;
};

/** What a timer of Node holds, nearly 25 days: given more it fires at once. */
const timerMsMax = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number) => {
      const partMs = Math.min(leftMs, timerMsMax);
      timer = setTimeout(() => (leftMs > partMs ? wait(leftMs - partMs) : callback()), partMs);
      timer.unref();
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};

/** Resolves when the promise does, at the latest after `delayMs`; rejects when the promise does before. */
export async function within(promise: Promise<unknown>, delayMs: number, clock: Clock): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(delayMs, resolve);
  try {
    await Promise.race([promise, late]);
  } finally {
    cancel();
  }
}

/** A clock that moves only when told: `advance` runs the timers that fall due, in order. */
export function manualClock(startMs = 0): Clock & { advance(milliseconds: number): void } {
  let elapsedMs = 0;
  const timers = new Set<{ dueMs: number; callback: () => void }>();
  return {
    now: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    after(delayMs, callback) {
      const timer = { dueMs: elapsedMs + delayMs, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(milliseconds) {
      const untilMs = elapsedMs + milliseconds;
      for (;;) {
        const next = [...timers].sort((a, b) => a.dueMs - b.dueMs)[0];
        if (next === undefined || next.dueMs > untilMs) break;
        timers.delete(next);
        elapsedMs = Math.max(elapsedMs, next.dueMs);
        next.callback();
      }
      elapsedMs = untilMs;
    },
  };
}

let formatted = { second: Number.NaN, text: '' };

/** RFC 3339 in seconds, the form of metav1.Time: `2026-01-31T08:15:00Z`. */
export function formatTime(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1000);
  // Asked for several times per request, and mostly for the same second.
  if (second !== formatted.second) {
    formatted = { second, text: `${new Date(second * 1000).toISOString().slice(0, 19)}Z` };
  }
  return formatted.text;
}

let preciselyFormatted = { milliseconds: Number.NaN, text: '' };

/** RFC 3339 with milliseconds, as `Date.toISOString` writes it. */
export function formatMilliTime(milliseconds: number): string {
  // Most requests are answered in the millisecond in which they came.
  if (milliseconds !== preciselyFormatted.milliseconds) {
    const fraction = String(Math.floor(milliseconds) % 1000).padStart(3, '0');
    preciselyFormatted = { milliseconds, text: `${formatTime(milliseconds).slice(0, -1)}.${fraction}Z` };
  }
  return preciselyFormatted.text;
}

/** RFC 3339 with microseconds, the form of metav1.MicroTime. */
export function formatMicroTime(milliseconds: number): string {
  return inOnePiece(`${formatMilliTime(milliseconds).slice(0, -1)}000Z`);
}
