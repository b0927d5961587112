import { keyOf } from '../../api/observations/collection.ts';
import type { Flow, Observations, Window } from '../../api/observations/observation.ts';
import type { Cache } from '../../client/cache.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import type { AuditEvent } from '../../server/server.ts';
import { createCallTap } from './calls.ts';
import { readObservations, writeObservations } from './file.ts';
import { createGonePods, type KnownPod, knownPod } from './gone-pods.ts';
import { createImageCount } from './images.ts';
import { createSeen } from './seen.ts';

/** What was last seen longer ago than this is forgotten: a month holds what happens monthly. */
export const keptDays = 32;
const keptMs = keptDays * 24 * 3_600_000;
/** What a crash may lose. */
const saveMs = 60_000;
/** Ages of the kernel are in seconds: an earlier sighting told again differs by as much. */
const sameMs = 2000;

/** What one node saw; see FlowReport of the network. */
export type NodeReport = Omit<Window, 'source'> & { flows: Flow[]; resumes: boolean };

/** Everything observed in this cluster, beside its store: bounded, forgotten in time, and written to files of its own. */
export type Keeper = {
  /** Counts a request. Called for every one. */
  record(event: AuditEvent): void;
  takeFlows(node: string, report: NodeReport): void;
  /** Images are told by the statuses of pods. */
  followPods(pods: Cache): void;
  observations(): Observations;
  /** A pod as the API server knows it, for a while after it is gone: nodes are not believed about it. */
  podAt(namespace: string, name: string): KnownPod | undefined;
  close(): void;
};

export type KeeperOptions = { /** Absent: in memory only. */ directory?: string; clock: Clock; log: Log };

export function createKeeper({ directory, clock, log }: KeeperOptions): Keeper {
  const seen = createSeen();
  const { collection } = seen;
  const tap = createCallTap(() => clock.now());
  const gone = createGonePods(clock);
  const images = createImageCount(collection, clock);
  let pods: Cache | undefined;
  let sinceMs = clock.now();
  let cancel = () => {};
  let unfollow = () => {};

  /** Takes over what was counted since the last time. */
  function gather(): void {
    const { calls, addresses, lost } = tap.drain();
    const window = { source: 'apiserver', fromMs: sinceMs, toMs: clock.now(), lost };
    seen.add('calls', calls, window);
    seen.add('addresses', addresses, window);
    sinceMs = window.toMs;
    const looked = pods && images.look(pods);
    if (looked !== undefined) seen.add('images', [], { source: 'apiserver', ...looked });
  }

  function save(): void {
    gather();
    seen.forget(clock.now() - keptMs);
    if (directory === undefined) return;
    try {
      const left = writeObservations(directory, seen.observations());
      if (left > 0) log.warn('the file of observations is full: some are in memory only', { directory, left });
    } catch (error) {
      log.warn('observations cannot be written: they are in memory only', { directory, error });
    }
  }

  function saveLater(): void {
    cancel = clock.after(saveMs, () => {
      save();
      saveLater();
    });
  }

  if (directory !== undefined) {
    const { lines, refused } = readObservations(directory, clock.now());
    seen.restore(lines);
    if (refused > 0) log.warn('lines of the observations could not be read: they are left out', { directory, refused });
  }
  saveLater();
  return {
    record: tap.record,
    takeFlows(node, { flows, resumes, ...window }) {
      // Asked one by one, as each is added: a report may tell the same twice.
      const isNew = (flow: Flow) => {
        const known = resumes ? collection.get('flows', keyOf('flows', flow)) : undefined;
        return known === undefined || known.lastMs < flow.lastMs - sameMs;
      };
      seen.add('flows', flows.values().filter(isNew), { source: `node/${node}`, ...window });
    },
    followPods(cache) {
      pods = cache;
      unfollow = cache.subscribe((type, pod) => {
        if (type !== 'DELETED') return;
        gone.add(pod);
        images.last(pod);
      });
    },
    observations() {
      gather();
      return seen.observations();
    },
    podAt(namespace, name) {
      const pod = pods?.get(namespace, name);
      return pod?.spec?.nodeName === undefined
        ? gone.podAt(namespace, name)
        : { ...knownPod(pod), labels: pod.metadata.labels ?? {} };
    },
    close() {
      cancel();
      unfollow();
      save();
    },
  };
}
