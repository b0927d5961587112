import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import type { Image, Runtime, Sandbox } from '../runtimes/runtime.ts';

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
  /** By sandbox, which reading it is known from. What began earlier and is answered later is old news. */
  const knownFrom = new Map<string, number>();
  let readings = 0;
  let stopped = false;

  function put(sandboxId: string, sandbox: Sandbox | undefined, fromReading: number): void {
    if (fromReading < (knownFrom.get(sandboxId) ?? 0)) return;
    knownFrom.set(sandboxId, fromReading);
    const old = sandboxes.get(sandboxId);
    if (sandbox) sandboxes.set(sandboxId, sandbox);
    else sandboxes.delete(sandboxId);
    const { uid } = sandbox ?? old ?? {};
    if (uid !== undefined && JSON.stringify(old) !== JSON.stringify(sandbox)) onChange(uid);
  }

  async function read(sandboxId: string): Promise<void> {
    const own = ++readings;
    const found = (await runtime.listPods(sandboxId)).find(({ id }) => id === sandboxId);
    put(sandboxId, found, own);
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
    const own = ++readings;
    const before = new Set(sandboxes.keys());
    for (const sandbox of await runtime.listPods()) {
      before.delete(sandbox.id);
      put(sandbox.id, sandbox, own);
    }
    for (const id of before) await refresh(id);
    for (const [id, reading] of knownFrom) if (reading < own && !sandboxes.has(id)) knownFrom.delete(id);
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

/** Has a pod with these sandboxes a container of this image, running or ended? Its newest are kept while it lives. */
export const hasHad = (sandboxes: Sandbox[], { id, digests }: Pick<Image, 'id' | 'digests'>): boolean =>
  sandboxes.some(({ containers }) => containers.some(({ imageId }) => [id, ...digests].includes(imageId)));
