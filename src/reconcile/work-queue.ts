import { backOffMs } from '../client/back-off.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Result } from './controller.ts';

export type WorkQueueOptions = {
  clock: Clock;
  concurrency: number;
  work(key: string): Promise<Result>;
  onError(key: string, failures: number, error: unknown): void;
  random?(): number;
};

export type WorkQueue = {
  /** Works on the key as soon as may be; a key that waits already is not added twice. */
  add(key: string): void;
  addAfter(key: string, delayMs: number): void;
  /** Keys that wait for a free worker. */
  depth(): number;
  stop(): void;
};

const retryInitialMs = 5;
const retryMaximumMs = 1_000_000;
/** A key that changes all the time rests four times as long as its last run took, so that it leaves room for others. */
const restPerRun = 4;
const restMaximumMs = 500;

/**
 * Each key once in the queue and never in two workers at the same time: a key that is added while it is worked on is
 * worked on once more, after a rest. Failures come back with exponential back-off from 5 ms to 1000 s.
 */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { clock, concurrency, work, onError, random = Math.random } = options;
  const ready = new Set<string>();
  const working = new Set<string>();
  const again = new Set<string>();
  const delayed = new Map<string, { dueMs: number; cancel(): void }>();
  const failures = new Map<string, number>();
  const resting = new Map<string, () => void>();
  let stopped = false;

  function add(key: string): void {
    if (stopped || resting.has(key)) return;
    if (working.has(key)) again.add(key);
    else ready.add(key);
    pump();
  }

  function addAfter(key: string, delayMs: number): void {
    if (stopped) return;
    const dueMs = clock.monotonicMs() + delayMs;
    const waiting = delayed.get(key);
    if (waiting && waiting.dueMs <= dueMs) return;
    waiting?.cancel();
    const cancel = clock.after(delayMs, () => {
      delayed.delete(key);
      add(key);
    });
    delayed.set(key, { dueMs, cancel });
  }

  function pump(): void {
    // Even to begin costs: a set is walked over the places of all that were taken from its front.
    if (working.size >= concurrency) return;
    for (const key of ready) {
      ready.delete(key);
      working.add(key);
      void run(key);
      if (working.size >= concurrency) return;
    }
  }

  async function run(key: string): Promise<void> {
    // Whatever was planned for later is decided anew by this run.
    delayed.get(key)?.cancel();
    delayed.delete(key);
    const startedMs = clock.monotonicMs();
    let atOnce = false;
    try {
      const result = await work(key);
      failures.delete(key);
      atOnce = result?.requeueAfterMs === 0;
      if (result && !atOnce) addAfter(key, result.requeueAfterMs);
    } catch (error) {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      onError(key, count + 1, error);
      addAfter(key, backOffMs(count, retryInitialMs, retryMaximumMs, random));
    }
    working.delete(key);
    const changed = again.delete(key);
    if (atOnce && !stopped) ready.add(key);
    else if (changed) rest(key, (clock.monotonicMs() - startedMs) * restPerRun);
    pump();
  }

  function rest(key: string, wishedMs: number): void {
    if (stopped) return;
    const delayMs = Math.min(restMaximumMs, Math.floor(wishedMs));
    if (delayMs < 1) return void ready.add(key);
    const wake = () => {
      resting.delete(key);
      add(key);
    };
    resting.set(key, clock.after(delayMs, wake));
  }

  function stop(): void {
    stopped = true;
    for (const { cancel } of delayed.values()) cancel();
    delayed.clear();
    for (const cancel of resting.values()) cancel();
    resting.clear();
    ready.clear();
  }

  return { add, addAfter, depth: () => ready.size, stop };
}
