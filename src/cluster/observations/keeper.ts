import { createCollection, keyOf, observationsOf } from '../../api/observations/collection.ts';
import type { Flow, Observations, ObservationType, Window } from '../../api/observations/observation.ts';
import { noObservations, observationTypes } from '../../api/observations/observation.ts';
import { withWindow } from '../../api/observations/windows.ts';
import type { Cache } from '../../client/cache.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import type { AuditEvent } from '../../server/server.ts';
import { createCallTap } from './calls.ts';
import { readObservations, writeObservations } from './file.ts';
import { createGonePods, type KnownPod, knownPod } from './gone-pods.ts';
import { createImageCount } from './images.ts';

/** What was last seen longer ago than this is forgotten: a month holds what happens monthly. */
export const keptDays = 32;
const keptMs = keptDays * 24 * 3_600_000;
/** What a crash may lose. */
const saveMs = 60_000;
/** Reports follow each other without a gap; clocks of two processes differ by a little. */
const gapMsMax = 2000;
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
  const collection = createCollection();
  const windows = noObservations().windows;
  const tap = createCallTap(() => clock.now());
  const gone = createGonePods(clock);
  const images = createImageCount(collection, clock);
  let pods: Cache | undefined;
  let sinceMs = clock.now();

  const watched = (type: ObservationType, window: Window) => {
    windows[type] = withWindow(windows[type], window, gapMsMax);
  };

  function load(): void {
    if (directory === undefined) return;
    const { lines, refused } = readObservations(directory, clock.now());
    for (const line of lines)
      if (line.type === 'window') windows[line.of] = withWindow(windows[line.of], line.window, 0);
      else collection.add(line.type, line.observed as never);
    if (refused > 0) log.warn('lines of the observations could not be read: they are left out', { directory, refused });
  }

  function gather(): void {
    const nowMs = clock.now();
    const { calls, addresses, lost } = tap.drain();
    const pushedOut = (type: ObservationType, list: never[]) =>
      list.reduce((sum, observed) => sum + collection.add(type, observed), 0);
    const window = { source: 'apiserver', fromMs: sinceMs, toMs: nowMs };
    watched('calls', { ...window, lost: lost + pushedOut('calls', calls as never[]) });
    watched('addresses', { ...window, lost: lost + pushedOut('addresses', addresses as never[]) });
    sinceMs = nowMs;
    const seen = pods && images.look(pods);
    if (seen !== undefined) watched('images', { source: 'apiserver', ...seen });
  }

  function forget(): void {
    const beforeMs = clock.now() - keptMs;
    collection.forget(beforeMs);
    for (const type of observationTypes)
      windows[type] = windows[type]
        .filter(({ toMs }) => toMs >= beforeMs)
        .map((window) => ({ ...window, fromMs: Math.max(window.fromMs, beforeMs) }));
  }

  function save(): void {
    gather();
    forget();
    if (directory === undefined) return;
    try {
      const left = writeObservations(directory, observationsOf(collection, windows));
      if (left > 0) log.warn('the file of observations is full: some are in memory only', { directory, left });
    } catch (error) {
      log.warn('observations cannot be written: they are in memory only', { directory, error });
    }
  }

  let cancel = () => {};
  const saveLater = () => {
    cancel = clock.after(saveMs, () => {
      save();
      saveLater();
    });
  };
  load();
  saveLater();
  let unfollow = () => {};
  return {
    record: tap.record,
    takeFlows(node, { flows, resumes, lost, ...window }) {
      let pushedOut = 0;
      for (const flow of flows) {
        const known = resumes ? collection.get('flows', keyOf('flows', flow)) : undefined;
        if (known === undefined || known.lastMs < flow.lastMs - sameMs) pushedOut += collection.add('flows', flow);
      }
      watched('flows', { source: `node/${node}`, ...window, lost: lost + pushedOut });
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
      return observationsOf(collection, windows);
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
