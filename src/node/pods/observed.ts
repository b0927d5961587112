import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import type { Runtime, Sandbox } from '../runtimes/runtime.ts';

/**
 * What the runtime last said, by pod uid. It is asked only after it announced a change, after the agent itself changed
 * something, and in a slow relist that catches what both missed.
 */
export type Observed = {
  /** Newest attempt first. */
  ofPod(uid: string): Sandbox[];
  uids(): string[];
  /** Reads one sandbox again; concurrent calls share a read. */
  refresh(sandboxId: string): Promise<void>;
  relist(): Promise<void>;
  stop(): void;
};

export type ObservedOptions = { runtime: Runtime; clock: Clock; log: Log; onChange(uid: string): void };

const retryMs = 1000;

export function createObserved({ runtime, clock, log, onChange }: ObservedOptions): Observed {
  const sandboxes = new Map<string, Sandbox>();
  const reading = new Map<string, { promise: Promise<void>; again: boolean }>();
  let stopped = false;

  function put(sandbox: Sandbox): void {
    const old = sandboxes.get(sandbox.id);
    sandboxes.set(sandbox.id, sandbox);
    if (old === undefined || JSON.stringify(old) !== JSON.stringify(sandbox)) onChange(sandbox.uid);
  }

  function drop(sandboxId: string): void {
    const old = sandboxes.get(sandboxId);
    if (sandboxes.delete(sandboxId)) onChange(old!.uid);
  }

  async function read(sandboxId: string): Promise<void> {
    const found = (await runtime.listPods(sandboxId)).find(({ id }) => id === sandboxId);
    if (found) put(found);
    else drop(sandboxId);
  }

  function refresh(sandboxId: string): Promise<void> {
    const current = reading.get(sandboxId);
    if (current !== undefined) {
      // What is being read may be older than the change: read once more afterwards.
      current.again = true;
      return current.promise;
    }
    const entry = { promise: Promise.resolve(), again: false };
    entry.promise = (async () => {
      try {
        do {
          entry.again = false;
          await read(sandboxId);
        } while (entry.again);
      } finally {
        reading.delete(sandboxId);
      }
    })();
    reading.set(sandboxId, entry);
    return entry.promise;
  }

  function refreshUntilRead(sandboxId: string): void {
    refresh(sandboxId).catch((error) => {
      log.warn('the runtime did not answer; asking again', { error });
      if (!stopped) clock.after(retryMs, () => refreshUntilRead(sandboxId));
    });
  }

  const sandboxOf = (containerId: string) =>
    [...sandboxes.values()].find(({ containers }) => containers.some(({ id }) => id === containerId))?.id;

  async function relist(): Promise<void> {
    const before = new Set(sandboxes.keys());
    for (const sandbox of await runtime.listPods()) {
      before.delete(sandbox.id);
      put(sandbox);
    }
    for (const id of before) await refresh(id);
  }

  function relistUntilRead(): void {
    relist().catch((error) => {
      log.warn('the runtime did not answer; asking again', { error });
      if (!stopped) clock.after(retryMs, relistUntilRead);
    });
  }

  const unwatch = runtime.watch(({ sandboxId, containerId }) => {
    // No id at all: the runtime was away, and anything may have changed.
    if (sandboxId === undefined && containerId === undefined) return relistUntilRead();
    const id = sandboxId ?? sandboxOf(containerId!);
    if (id !== undefined) refreshUntilRead(id);
  });

  return {
    ofPod: (uid) =>
      [...sandboxes.values()]
        .filter((sandbox) => sandbox.uid === uid)
        .sort((a, b) => b.attempt - a.attempt || b.createdAtMs - a.createdAtMs),
    uids: () => [...new Set([...sandboxes.values()].map(({ uid }) => uid))],
    refresh,
    relist,
    stop() {
      stopped = true;
      unwatch();
    },
  };
}
