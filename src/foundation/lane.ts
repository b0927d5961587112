/**
 * Runs tasks with bounded concurrency, one per key at a time; of tasks that wait under the same key only the newest is
 * kept, since it says all that the older ones would. When too many keys wait, new ones are dropped.
 */
export function createLane(concurrency: number, waitingMax: number) {
  const waiting = new Map<string, () => Promise<void>>();
  const running = new Set<string>();

  function pump(): void {
    // Even to begin costs: a map is walked over the places of all that were taken from its front.
    if (running.size >= concurrency) return;
    for (const [key, task] of waiting) {
      if (running.has(key)) continue;
      waiting.delete(key);
      running.add(key);
      void task().finally(() => {
        running.delete(key);
        pump();
      });
      if (running.size >= concurrency) return;
    }
  }

  return {
    run(key: string, task: () => Promise<void>): void {
      if (waiting.size >= waitingMax && !waiting.has(key)) return;
      waiting.set(key, task);
      pump();
    },
  };
}
