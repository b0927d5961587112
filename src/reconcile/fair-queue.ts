import type { Clock } from '../foundation/clock.ts';

export type FairQueueOptions<Item> = {
  clock: Clock;
  /** Items that are worked on at once. */
  atOnceMax: number;
  /** Items of all groups that wait; more are not taken. */
  waitingMax: number;
  /** Never rejects. A delay holds the whole group back for so long, and then the item comes again. */
  work(item: Item): Promise<{ againAfterMs: number } | undefined>;
};
export type FairQueue<Item> = {
  /** False when too many wait already. What waits is not added twice; what is being worked on is worked on once more. */
  add(group: string, item: Item): boolean;
};

/** Items in the order they came, by groups that take turns: one that has much to do, or is held back, delays no other. */
export function createFairQueue<Item>({ clock, atOnceMax, waitingMax, work }: FairQueueOptions<Item>): FairQueue<Item> {
  const groups = new Map<string, Set<Item>>();
  const held = new Set<string>();
  const working = new Set<Item>();
  let waiting = 0;

  function insert(group: string, item: Item): void {
    const items = groups.get(group) ?? new Set();
    groups.set(group, items);
    const before = items.size;
    waiting += items.add(item).size - before;
  }

  function next(): { group: string; item: Item } | undefined {
    for (const [group, items] of groups) {
      if (held.has(group)) continue;
      for (const item of items) {
        if (working.has(item)) continue;
        items.delete(item);
        waiting--;
        groups.delete(group);
        if (items.size > 0) groups.set(group, items);
        return { group, item };
      }
    }
    return undefined;
  }

  function pump(): void {
    while (working.size < atOnceMax) {
      const found = next();
      if (found === undefined) return;
      void run(found.group, found.item);
    }
  }

  async function run(group: string, item: Item): Promise<void> {
    working.add(item);
    const again = await work(item);
    working.delete(item);
    if (again !== undefined) {
      insert(group, item);
      if (again.againAfterMs > 0) hold(group, again.againAfterMs);
    }
    pump();
  }

  function hold(group: string, delayMs: number): void {
    if (held.has(group)) return;
    held.add(group);
    clock.after(delayMs, () => {
      held.delete(group);
      pump();
    });
  }

  return {
    add(group, item) {
      if (waiting >= waitingMax && !groups.get(group)?.has(item)) return false;
      insert(group, item);
      pump();
      return true;
    },
  };
}
