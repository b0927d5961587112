import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../../api/object.ts';
import type { Pod, PodStatus } from '../../api/schema/types.d.ts';
import { ApiError } from '../../api/status.ts';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';

/**
 * Brings pod statuses to the API: the newest only, one write at a time per pod, repeated until the API has it. While
 * the API is away statuses wait here; pods do not.
 */
export type StatusWriter = {
  /** The pod as the API last showed it, by watch or by answer. */
  seen(pod: Pod, uid?: string): void;
  /** A pod that the API does not have: its status is only remembered, until a mirror of it is seen. */
  local(pod: Pod): void;
  latest(uid: string): Pod | undefined;
  isInApi(uid: string): boolean;
  set(uid: string, status: PodStatus): void;
  /** Resolves when the API has the status that was set last. */
  flushed(uid: string): Promise<void>;
  forget(uid: string): void;
};

type Entry = {
  inApi: boolean;
  latest: Pod;
  wanted: PodStatus | undefined;
  writing: boolean;
  failures: number;
  waiters: (() => void)[];
};

const maxRetryMs = 10_000;

export function createStatusWriter({ client, clock, log }: { client: Client; clock: Clock; log: Log }): StatusWriter {
  const entries = new Map<string, Entry>();

  async function write(uid: string, entry: Entry): Promise<void> {
    if (entry.writing || entries.get(uid) !== entry) return;
    if (!entry.inApi) {
      if (entry.wanted) entry.latest = { ...entry.latest, status: clean(entry.wanted) };
      for (const resolve of entry.waiters.splice(0)) resolve();
      return;
    }
    if (entry.wanted === undefined || isDeepStrictEqual(clean(entry.wanted), entry.latest.status ?? {})) {
      entry.wanted = undefined;
      for (const resolve of entry.waiters.splice(0)) resolve();
      return;
    }
    entry.writing = true;
    const { wanted } = entry;
    const object = { ...entry.latest, status: clean(wanted) };
    let retryMs = 0;
    try {
      const answer = await client.update<Pod>('pods', object as KubernetesObject, { subresource: 'status' });
      entry.failures = 0;
      newer(entry, answer);
      if (entry.wanted === wanted) entry.wanted = entry.latest.status;
    } catch (error) {
      retryMs = await failed(entry, error);
    }
    entry.writing = false;
    if (retryMs === 0) void write(uid, entry);
    else clock.after(retryMs, () => void write(uid, entry));
  }

  async function failed(entry: Entry, error: unknown): Promise<number> {
    const { namespace, name, uid } = entry.latest.metadata!;
    if (error instanceof ApiError && error.reason === 'NotFound') {
      entry.wanted = undefined;
      return 0;
    }
    const retryMs = Math.min(200 * 2 ** entry.failures++, maxRetryMs);
    if (error instanceof ApiError && error.reason === 'Conflict') {
      const current = await client.get<Pod>('pods', { namespace, name: name! }).catch(() => undefined);
      if (current !== undefined && current.metadata.uid === uid) entry.latest = current;
      return Math.min(retryMs, 1000);
    }
    log.warn('a pod status could not be written; trying again', { pod: name, namespace, retryMs, error });
    return retryMs;
  }

  return {
    seen(pod, uid = pod.metadata.uid!) {
      const entry = entries.get(uid);
      if (entry === undefined) entries.set(uid, emptyEntry(pod, true));
      else if (entry.inApi) newer(entry, pod);
      else {
        Object.assign(entry, { latest: pod, inApi: true });
        void write(uid, entry);
      }
    },
    local(pod) {
      const uid = pod.metadata.uid!;
      const entry = entries.get(uid);
      if (entry) entry.inApi = false;
      else entries.set(uid, emptyEntry(pod, false));
    },
    isInApi: (uid) => entries.get(uid)?.inApi ?? false,
    latest: (uid) => entries.get(uid)?.latest,
    set(uid, status) {
      const entry = entries.get(uid);
      if (entry === undefined) return;
      entry.wanted = status;
      void write(uid, entry);
    },
    flushed(uid) {
      const entry = entries.get(uid);
      if (entry?.wanted === undefined || !entry.inApi) return Promise.resolve();
      return new Promise((resolve) => entry.waiters.push(resolve));
    },
    forget(uid) {
      for (const resolve of entries.get(uid)?.waiters ?? []) resolve();
      entries.delete(uid);
    },
  };
}

const emptyEntry = (latest: Pod, inApi: boolean): Entry => ({
  inApi,
  latest,
  wanted: undefined,
  writing: false,
  failures: 0,
  waiters: [],
});

/** Watch events and answers arrive in any order. */
function newer(entry: Entry, pod: Pod): void {
  const revision = ({ metadata }: Pod) => Number(metadata?.resourceVersion ?? 0);
  if (revision(pod) >= revision(entry.latest)) entry.latest = pod;
}

/** What is undefined would not survive the wire, and would make every comparison differ. */
const clean = (status: PodStatus): PodStatus => JSON.parse(JSON.stringify(status)) as PodStatus;
