import type { Node, Pod } from '../../api/schema/types.d.ts';
import type { Cache } from '../../client/cache.ts';
import type { NodeContext } from './context.ts';
import { createEnding } from './ending.ts';
import { collectLeftovers } from './leftovers.ts';
import { followMirror, shownBy } from './mirror.ts';
import type { PodRecord } from './records.ts';
import { createRoom } from './room.ts';
import { createWorker, type PodWorker } from './worker.ts';

/** All pods of this node: one worker each, fed by the API, by static pod files and by what the runtime still holds. */
export type Pods = {
  /** `beforeApi` is called when the runtime has been read and before the API is waited for: static pods. */
  start(beforeApi: () => Promise<void>): Promise<void>;
  stop(): void;
  wake(uid: string): void;
  /** Pods that the node is responsible for now, finished ones included. */
  list(): Pod[];
  /** A pod of a file: runs without the API. */
  setStatic(pod: Pod): void;
  removeStatic(uid: string): void;
  /** The API's copy of a static pod. */
  mirrored(uid: string, mirror: Pod): void;
  /** Stops a pod that stays in the API as Failed: eviction. */
  fail(uid: string, reason: string, message: string, graceSeconds: number): void;
  get(uid: string): PodWorker | undefined;
};

export type PodsOptions = {
  cache: Cache<any>;
  /** The node as it would be registered now: what admission compares with. */
  node(): Node;
  /** Why a node under pressure does not take this pod now. */
  pressure(pod: Pod): string | undefined;
  relistMs: number;
};

export function createPods(context: NodeContext, { cache, node, pressure, relistMs }: PodsOptions): Pods {
  const workers = new Map<string, PodWorker>();
  const { clock, log } = context;
  let cancelRelist = () => {};
  let unsubscribe = () => {};
  const room = createRoom(context, {
    ...{ node, pressure, workers: () => [...workers.values()] },
    wanted: (uid) => cache.byUid(uid) as Pod | undefined,
  });
  const finish = createEnding(context, (worker) => {
    const { uid } = worker.memory.pod.metadata;
    workers.delete(uid!);
    context.statuses.forget(uid!);
    room.retryResizes();
  });

  function onApi(type: 'ADDED' | 'MODIFIED' | 'DELETED', pod: Pod): void {
    const shown = shownBy(pod, (uid) => workers.get(uid)?.memory.pod);
    if (shown !== undefined) followMirror(type, pod, shown.pod, context);
    else if (type === 'DELETED') stopForgotten(pod.metadata.uid!, pod.metadata.deletionGracePeriodSeconds || 1);
    else {
      context.statuses.seen(pod);
      adopt(pod);
      room.retryResizes();
    }
  }

  function start(pod: Pod): PodWorker {
    const worker = createWorker(pod, context, finish);
    workers.set(pod.metadata.uid!, worker);
    return worker;
  }

  function adopt(pod: Pod): void {
    const known = workers.get(pod.metadata.uid!);
    const worker = known ?? start(pod);
    if (known === undefined) room.admit(worker);
    const { deletionTimestamp, deletionGracePeriodSeconds: graceSeconds = 30 } = pod.metadata;
    room.resize(pod, worker);
    if (deletionTimestamp === undefined) return;
    // The time of the request, not of its arrival: an agent that comes back does not grant the period again.
    const askedMs = Date.parse(deletionTimestamp) - graceSeconds * 1000;
    worker.stop({ graceSeconds, sinceMs: Math.min(askedMs, clock.now()), deleted: true });
  }

  /** Takes up what runs before the API has been asked, by what was known of it last. Returns the uids. */
  async function adoptRecorded(): Promise<string[]> {
    const isRunning = ({ pod }: PodRecord) => context.observed.ofPod(pod.metadata.uid!).some(({ ready }) => ready);
    const records = (await context.records.all()).filter(isRunning);
    for (const { pod, volumes } of records) {
      context.statuses.seen(pod);
      adopt(pod);
      const { memory } = workers.get(pod.metadata.uid!)!;
      // What live volumes show is read again, for as long as it takes; meanwhile they show what they did.
      Object.assign(memory, { volumes, refreshDue: true });
    }
    return records.map(({ pod }) => pod.metadata.uid!);
  }

  /** Deleted while nobody looked: it still has its own time to end. */
  function stopForgotten(uid: string, graceSeconds: number = ownGraceSeconds(uid)): void {
    context.statuses.forget(uid);
    workers.get(uid)?.stop({ graceSeconds, sinceMs: clock.now(), deleted: true });
  }

  const ownGraceSeconds = (uid: string) => workers.get(uid)?.memory.pod.spec?.terminationGracePeriodSeconds ?? 30;

  async function relist(): Promise<void> {
    try {
      await context.observed.relist();
      await collectLeftovers(context, {
        known: () => [...workers.keys()],
        end: (pod, graceSeconds) => start(pod).stop({ graceSeconds, sinceMs: clock.now(), deleted: true }),
      });
    } catch (error) {
      log.warn('the runtime could not be listed; trying again', { error });
    }
    cancelRelist = clock.after(relistMs, () => void relist());
  }

  return {
    async start(beforeApi) {
      await context.observed.relist();
      await beforeApi();
      const recorded = await adoptRecorded();
      await cache.synced();
      unsubscribe = cache.subscribe(onApi);
      for (const uid of recorded) if (cache.byUid(uid) === undefined) stopForgotten(uid);
      cancelRelist = clock.after(0, () => void relist());
    },
    stop() {
      unsubscribe();
      cancelRelist();
      for (const worker of workers.values()) worker.dispose();
    },
    wake: (uid) => workers.get(uid)?.wake(),
    list: () => [...workers.values()].map(({ memory }) => memory.pod),
    setStatic(pod) {
      context.statuses.local(pod);
      adopt(pod);
    },
    mirrored: (uid, mirror) => context.statuses.seen(mirror, uid),
    removeStatic: (uid) =>
      workers.get(uid)?.stop({ graceSeconds: ownGraceSeconds(uid), sinceMs: clock.now(), deleted: true }),
    fail(uid, reason, message, graceSeconds) {
      const order = { graceSeconds, sinceMs: clock.now(), deleted: false };
      workers.get(uid)?.stop({ ...order, phase: 'Failed', reason, message });
    },
    get: (uid) => workers.get(uid),
  };
}
