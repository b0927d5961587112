import type { Clock } from '../foundation/clock.ts';
import { createHeap } from '../foundation/heap.ts';
import type { Wake } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';

type Waiting = {
  pod: PodInfo;
  /** Place in the order of arrival. */
  order: number;
  attempts: number;
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
 * Pods that wait for a node. *Active*: by priority, then age. *Unschedulable*: until something changes that the
 * plugins which refused them asked to be woken for; the first of them at once when nothing else is to do, all others at
 * the end of their back-off.
 */
export type SchedulingQueue = {
  add(pod: PodInfo): void;
  remove(uid: string): void;
  has(uid: string): boolean;
  pop(): PodInfo | undefined;
  /** After a pod was popped: it did not fit. Empty `wakes`: try again after its back-off. */
  park(pod: PodInfo, wakes: Set<Wake>): void;
  /** After a pod was popped: it is bound. */
  done(uid: string): void;
  wake(change: Wake): void;
  depth(): { active: number; parked: number };
  stop(): void;
};

const isBefore = (one: Waiting, other: Waiting) =>
  one.pod.priority !== other.pod.priority ? one.pod.priority > other.pod.priority : one.order < other.order;

export function createQueue(clock: Clock, onActive: () => void): SchedulingQueue {
  const heap = createHeap(isBefore);
  const active = new Map<string, Waiting>();
  const parked = new Map<string, Waiting>();
  const popped = new Map<string, Waiting>();
  const changes = new Set<Wake>();
  let order = 0;
  let isSweeping = false;
  let cancelSweep = () => {};

  function activate(waiting: Waiting): void {
    parked.delete(waiting.pod.uid);
    active.set(waiting.pod.uid, waiting);
    heap.push(waiting);
    onActive();
  }

  function pop(): PodInfo | undefined {
    for (;;) {
      const next = heap.pop();
      if (next === undefined) return undefined;
      // Removed pods, and older states of changed ones, stay in the heap until they come up.
      if (active.get(next.pod.uid) !== next) continue;
      active.delete(next.pod.uid);
      popped.set(next.pod.uid, next);
      return next.pod;
    }
  }

  function add(pod: PodInfo): void {
    const old = active.get(pod.uid) ?? parked.get(pod.uid) ?? popped.get(pod.uid);
    // The order of arrival decides between pods of one priority.
    activate({
      pod,
      order: old?.order ?? order++,
      attempts: old?.attempts ?? 0,
      wakes: new Set(),
      isWoken: false,
      backOffUntilMs: 0,
    });
  }

  function park(pod: PodInfo, wakes: Set<Wake>): void {
    const waiting = popped.get(pod.uid);
    // Removed, or added again, while it was being worked on.
    if (waiting === undefined || active.has(pod.uid)) return;
    popped.delete(pod.uid);
    const attempts = waiting.attempts + 1;
    const delayMs = Math.min(backOffInitialMs * 2 ** Math.min(attempts - 1, 10), backOffMaximumMs);
    parked.set(pod.uid, {
      ...waiting,
      pod,
      attempts,
      wakes,
      isWoken: wakes.size === 0,
      backOffUntilMs: clock.monotonicMs() + delayMs,
    });
    sweepLater();
  }

  /** What was woken during its back-off becomes active at its end. */
  function sweep(): void {
    isSweeping = false;
    const nowMs = clock.monotonicMs();
    for (const waiting of parked.values()) {
      const overdue = nowMs >= waiting.backOffUntilMs + unschedulableMaximumMs;
      if (overdue || (waiting.isWoken && nowMs >= waiting.backOffUntilMs)) activate(waiting);
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
    const early: Waiting[] = [];
    for (const waiting of parked.values()) {
      if (!waiting.isWoken) waiting.isWoken = gathered.some((change) => waiting.wakes.has(change));
      if (!waiting.isWoken || waiting.wakes.size === 0) continue;
      if (nowMs >= waiting.backOffUntilMs) activate(waiting);
      else if (active.size === 0) keepFirst(early, waiting);
    }
    if (active.size === 0) for (const waiting of early) activate(waiting);
  }

  /** Inserts in order and drops the last when there are too many. */
  function keepFirst(early: Waiting[], waiting: Waiting): void {
    if (early.length === earlyMax && isBefore(early[earlyMax - 1]!, waiting)) return;
    const position = early.findIndex((other) => isBefore(waiting, other));
    early.splice(position === -1 ? early.length : position, 0, waiting);
    if (early.length > earlyMax) early.pop();
  }

  return {
    add,
    remove(uid) {
      for (const map of [active, parked, popped]) map.delete(uid);
    },
    has: (uid) => active.has(uid) || parked.has(uid) || popped.has(uid),
    pop,
    park,
    done: (uid) => popped.delete(uid),
    wake,
    depth: () => ({ active: active.size, parked: parked.size }),
    stop: () => cancelSweep(),
  };
}
