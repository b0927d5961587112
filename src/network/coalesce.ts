import type { Clock } from '../foundation/clock.ts';

export type Coalescer = {
  /** Something changed: run soon, once for all changes until then. */
  trigger(): void;
  /** Resolves when a run that began after this call succeeded; rejects when that run failed. */
  flush(): Promise<void>;
  /** No further runs; resolves when the current one ended. */
  stop(): Promise<void>;
};

const intervalMs = 50;
const retryMs = 1000;

type Waiter = { resolve(): void; reject(error: unknown): void };

/**
 * Runs `run` one at a time: at once after a rest, at most every 50 ms and half of the time under load. A run that
 * failed is repeated every second until one succeeds.
 */
export function createCoalescer(clock: Clock, run: () => Promise<void>, onError: (error: unknown) => void): Coalescer {
  let waiters: Waiter[] = [];
  let wanted = false;
  let stopped = false;
  let running: Promise<void> | undefined;
  let restUntilMs = 0;
  let cancelTimer: (() => void) | undefined;

  function schedule(): void {
    if (stopped || !wanted || running !== undefined || cancelTimer !== undefined) return;
    const waitMs = restUntilMs - clock.monotonicMs();
    if (waitMs <= 0) {
      start();
      return;
    }
    cancelTimer = clock.after(waitMs, () => {
      cancelTimer = undefined;
      schedule();
    });
  }

  function start(): void {
    const served = waiters;
    waiters = [];
    wanted = false;
    const startedMs = clock.monotonicMs();
    running = run()
      .then(
        () => {
          for (const { resolve } of served) resolve();
          restUntilMs = clock.monotonicMs() + Math.max(intervalMs, clock.monotonicMs() - startedMs);
        },
        (error) => {
          onError(error);
          for (const { reject } of served) reject(error);
          wanted = true;
          restUntilMs = clock.monotonicMs() + retryMs;
        },
      )
      .finally(() => {
        running = undefined;
        schedule();
      });
  }

  return {
    trigger() {
      wanted = true;
      schedule();
    },
    flush() {
      if (stopped) return Promise.reject(new Error('the network is stopped'));
      return new Promise((resolve, reject) => {
        waiters.push({ resolve, reject });
        wanted = true;
        schedule();
      });
    },
    async stop() {
      stopped = true;
      cancelTimer?.();
      await running;
      for (const { reject } of waiters) reject(new Error('the network is stopped'));
      waiters = [];
    },
  };
}
