/** A key that is to be deleted at a time, unless it was written again since `modRevision`. */
export type Expiry = { atMs: number; key: string; modRevision: number };

/** The earliest first: a binary heap. Superseded entries stay until their time and are then skipped by the caller. */
export function createExpiries() {
  const heap: Expiry[] = [];

  function push(expiry: Expiry): void {
    let index = heap.push(expiry) - 1;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (heap[parent]!.atMs <= heap[index]!.atMs) return;
      [heap[parent], heap[index]] = [heap[index]!, heap[parent]!];
      index = parent;
    }
  }

  function pop(): Expiry | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let index = 0; ; ) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      let least = index;
      if (left < heap.length && heap[left]!.atMs < heap[least]!.atMs) least = left;
      if (right < heap.length && heap[right]!.atMs < heap[least]!.atMs) least = right;
      if (least === index) return first;
      [heap[index], heap[least]] = [heap[least]!, heap[index]!];
      index = least;
    }
  }

  /** What is due, at most `limit` of it. */
  function due(nowMs: number, limit: number): Expiry[] {
    const found: Expiry[] = [];
    while (found.length < limit && heap[0] !== undefined && heap[0].atMs <= nowMs) found.push(pop()!);
    return found;
  }

  return { push, due, nextAtMs: () => heap[0]?.atMs };
}
