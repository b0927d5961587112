import type { Event } from '../engine.ts';

type Watcher = { position: number; onEvents(events: Event[]): void };

/** Who watches what. Watchers of one prefix share one array of events per batch. */
export function createWatchers() {
  const byPrefix = new Map<string, Set<Watcher>>();

  function add(prefix: string, position: number, onEvents: (events: Event[]) => void): () => void {
    const watcher = { position, onEvents };
    const group = byPrefix.get(prefix) ?? new Set<Watcher>();
    byPrefix.set(prefix, group.add(watcher));
    return () => {
      group.delete(watcher);
      if (group.size === 0 && byPrefix.get(prefix) === group) byPrefix.delete(prefix);
    };
  }

  /** `position` guards against a watcher that was added by a call back within this very publication. */
  function publish(events: Event[]): void {
    const last = events.at(-1)?.entry.modRevision ?? 0;
    for (const [prefix, group] of byPrefix) {
      const matching = eventsUnder(prefix, events);
      for (const watcher of group) {
        if (watcher.position >= last) continue;
        watcher.position = last;
        if (matching.length > 0) callBack(watcher, matching);
      }
    }
  }

  return { add, publish };
}

export const eventsUnder = (prefix: string, events: Event[]): Event[] =>
  events.filter((event) => event.entry.key.startsWith(prefix));

/** One watcher that throws must not keep events from the others, and must not stay unseen either. */
function callBack(watcher: Watcher, events: Event[]): void {
  try {
    watcher.onEvents(events);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
