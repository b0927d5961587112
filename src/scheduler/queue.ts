import type { Clock } from '../foundation/clock.ts';
import { createHeap } from '../foundation/heap.ts';
import { createParkedPods } from './parked.ts';
import type { Wake } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';
import { isBefore, type Waiting } from './waiting.ts';

/** Pods that wait for a node. *Active*: by priority, then age. *Parked*: those that did not fit, see parked.ts. */
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

export function createQueue(clock: Clock, onActive: () => void): SchedulingQueue {
  const heap = createHeap(isBefore);
  const active = new Map<string, Waiting>();
  const popped = new Map<string, Waiting>();
  const parked = createParkedPods(clock, { comeBack: activate, isIdle: () => active.size === 0 });
  let order = 0;

  function activate(waiting: Waiting): void {
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
    parked.remove(pod.uid);
    // The order of arrival decides between pods of one priority.
    activate({ pod, order: old?.order ?? order++, attempts: old?.attempts ?? 0 });
  }

  function park(pod: PodInfo, wakes: Set<Wake>): void {
    const waiting = popped.get(pod.uid);
    // Removed, or added again, while it was being worked on.
    if (waiting === undefined || active.has(pod.uid)) return;
    popped.delete(pod.uid);
    parked.park({ ...waiting, pod }, wakes);
  }

  return {
    add,
    remove(uid) {
      active.delete(uid);
      popped.delete(uid);
      parked.remove(uid);
    },
    has: (uid) => active.has(uid) || popped.has(uid) || parked.get(uid) !== undefined,
    pop,
    park,
    done: (uid) => popped.delete(uid),
    wake: parked.wake,
    depth: () => ({ active: active.size, parked: parked.size() }),
    stop: parked.stop,
  };
}
