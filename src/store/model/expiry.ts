import { createHeap } from '../../foundation/heap.ts';

/** A key that is to be deleted at a time, unless it was written again since `modRevision`. */
export type Expiry = { atMs: number; key: string; modRevision: number };

/** The earliest first. Superseded entries stay until their time and are then skipped by the caller. */
export function createExpiries() {
  const heap = createHeap<Expiry>((one, other) => one.atMs < other.atMs);

  /** What is due, at most `limit` of it. */
  function due(nowMs: number, limit: number): Expiry[] {
    const found: Expiry[] = [];
    while (found.length < limit && (heap.peek()?.atMs ?? Number.POSITIVE_INFINITY) <= nowMs) found.push(heap.pop()!);
    return found;
  }

  return { push: heap.push, due };
}
