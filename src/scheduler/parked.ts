import type { Clock } from '../foundation/clock.ts';
import type { Wake } from './plugin.ts';
import { isBefore, type Waiting } from './waiting.ts';

type Parked = Waiting & {
  /** Empty after an error, which no change in the cluster makes good. */
  wakes: Set<Wake>;
  isWoken: boolean;
  backOffUntilMs: number;
};

const backOffInitialMs = 1000;
const backOffMaximumMs = 10_000;
/** When nothing else is to do, so many of the woken pods need not wait for the end of their back-off. */
const earlyMax = 16;
/** A pod that no event woke is tried again after this time, in case a wake was overlooked. */
const unschedulableMaximumMs = 5 * 60_000;
const gatherMs = 20;
const sweepMs = 200;

/**
 * Pods that did not fit wait here until something changes that the plugins which refused them asked to be woken for: the
 * first of them come back at once when nothing else is to do, all others at the end of their back-off.
 */
export type ParkedPods = {
  /** Empty `wakes`: it comes back after its back-off. */
  park(waiting: Waiting, wakes: Set<Wake>): void;
  get(uid: string): Waiting | undefined;
  remove(uid: string): void;
  wake(change: Wake): void;
  size(): number;
  stop(): void;
};

/** `comeBack` takes a pod that is parked no longer; `isIdle`: there is no other to be tried. */
export function createParkedPods(
  clock: Clock,
  { comeBack, isIdle }: { comeBack(waiting: Waiting): void; isIdle(): boolean },
): ParkedPods {
  const parked = new Map<string, Parked>();
  const changes = new Set<Wake>();
  let isSweeping = false;
  let cancelSweep = () => {};

  function release({ pod, order, attempts }: Parked): void {
    parked.delete(pod.uid);
    comeBack({ pod, order, attempts });
  }

  function park({ pod, order, attempts: before }: Waiting, wakes: Set<Wake>): void {
    const attempts = before + 1;
    const delayMs = Math.min(backOffInitialMs * 2 ** Math.min(attempts - 1, 10), backOffMaximumMs);
    const backOffUntilMs = clock.monotonicMs() + delayMs;
    parked.set(pod.uid, { pod, order, attempts, wakes, isWoken: wakes.size === 0, backOffUntilMs });
    sweepLater();
  }

  /** What was woken during its back-off comes back at its end. */
  function sweep(): void {
    isSweeping = false;
    const nowMs = clock.monotonicMs();
    for (const waiting of parked.values()) {
      const overdue = nowMs >= waiting.backOffUntilMs + unschedulableMaximumMs;
      if (overdue || (waiting.isWoken && nowMs >= waiting.backOffUntilMs)) release(waiting);
    }
    if (parked.size > 0) sweepLater();
  }

  function sweepLater(): void {
    if (isSweeping) return;
    isSweeping = true;
    cancelSweep = clock.after(sweepMs, sweep);
  }

  /** Thousands of pods may be parked while thousands of changes come in: changes are gathered for a moment. */
  function wake(change: Wake): void {
    if (parked.size === 0 || changes.has(change)) return;
    changes.add(change);
    if (changes.size === 1) clock.after(gatherMs, wakeParked);
  }

  function wakeParked(): void {
    const nowMs = clock.monotonicMs();
    const gathered = [...changes];
    changes.clear();
    const early: Parked[] = [];
    for (const waiting of parked.values()) {
      if (!waiting.isWoken) waiting.isWoken = gathered.some((change) => waiting.wakes.has(change));
      if (!waiting.isWoken || waiting.wakes.size === 0) continue;
      if (nowMs >= waiting.backOffUntilMs) release(waiting);
      else if (isIdle()) keepFirst(early, waiting);
    }
    if (isIdle()) for (const waiting of early) release(waiting);
  }

  return {
    park,
    get: (uid) => parked.get(uid),
    remove: (uid) => parked.delete(uid),
    wake,
    size: () => parked.size,
    stop: () => cancelSweep(),
  };
}

/** Inserts in order and drops the last when there are too many. */
function keepFirst(early: Parked[], waiting: Parked): void {
  if (early.length === earlyMax && isBefore(early[earlyMax - 1]!, waiting)) return;
  const position = early.findIndex((other) => isBefore(waiting, other));
  early.splice(position === -1 ? early.length : position, 0, waiting);
  if (early.length > earlyMax) early.pop();
}
