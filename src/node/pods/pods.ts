import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Node, Pod } from '../../api/schema/types.d.ts';
import { ApiError } from '../../api/status.ts';
import type { Cache } from '../../client/cache.ts';
import type { Sandbox } from '../runtimes/runtime.ts';
import { refusal } from './admit.ts';
import { allocate } from './allocation.ts';
import type { NodeContext } from './context.ts';
import type { PodRecord } from './records.ts';
import { logDirectoryOf } from './sandbox-config.ts';
import { isStatic, mirrorAnnotation } from './static-pod.ts';
import type { StopOrder } from './view.ts';
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

const lastStatusMsMax = 5000;

export function createPods(context: NodeContext, { cache, node, pressure, relistMs }: PodsOptions): Pods {
  const workers = new Map<string, PodWorker>();
  const finishing = new Set<string>();
  const { clock, log } = context;
  let cancelRelist = () => {};
  let unsubscribe = () => {};

  function onApi(type: 'ADDED' | 'MODIFIED' | 'DELETED', pod: Pod): void {
    const uid = pod.metadata!.uid!;
    const mirrorOf = pod.metadata.annotations?.[mirrorAnnotation];
    if (mirrorOf !== undefined) {
      onMirror(type, pod, mirrorOf);
      return;
    }
    if (type === 'DELETED') {
      workers
        .get(uid)
        ?.stop({ graceSeconds: pod.metadata!.deletionGracePeriodSeconds || 1, sinceMs: clock.now(), deleted: true });
      context.statuses.forget(uid);
      workers.get(uid)?.wake();
      return;
    }
    context.statuses.seen(pod);
    adopt(pod);
    retryResizes();
  }

  /** A mirror follows its file: deleting it only makes a new one appear. */
  function onMirror(type: 'ADDED' | 'MODIFIED' | 'DELETED', mirror: Pod, uid: string): void {
    const { name, namespace, deletionTimestamp } = mirror.metadata;
    const worker = workers.get(uid);
    if (type === 'DELETED') {
      if (worker) context.statuses.local(worker.memory.pod);
    } else if (deletionTimestamp || worker === undefined) {
      const gone = () => log.debug('a mirror pod is gone already', { pod: name });
      context.client.delete('pods', { namespace, name }, { gracePeriodSeconds: 0 }).catch(gone);
    } else context.statuses.seen(mirror, uid);
  }

  function adopt(pod: Pod): void {
    const uid = pod.metadata!.uid!;
    const known = workers.get(uid);
    const worker = known ?? createWorker(pod, context, (ended) => void finish(ended));
    if (known === undefined) {
      workers.set(uid, worker);
      admit(pod, worker);
    }
    const { deletionTimestamp, deletionGracePeriodSeconds: graceSeconds = 30 } = pod.metadata;
    resize(pod, worker);
    if (deletionTimestamp === undefined) return;
    // The time of the request, not of its arrival: an agent that comes back does not grant the period again.
    const askedMs = Date.parse(deletionTimestamp) - graceSeconds * 1000;
    worker.stop({ graceSeconds, sinceMs: Math.min(askedMs, clock.now()), deleted: true });
  }

  /** Gives the pod what its spec asks for now, if the node has it. */
  function resize(wanted: Pod, worker: PodWorker): void {
    const { memory } = worker;
    const { pod, pending } = allocate(wanted, memory.pod, node(), othersThan(wanted.metadata.uid!));
    if (pending && pending.reason !== memory.pendingResize?.reason)
      context.record(pod, 'Warning', `Resize${pending.reason}`, pending.message);
    memory.pendingResize = pending;
    worker.update(pod);
    if (memory.volumes !== undefined && !isStatic(pod)) context.records.update({ pod, volumes: memory.volumes });
  }

  /** After whatever may have left room: the most important pod first. */
  function retryResizes(): void {
    const waiting = [...workers.values()].filter(({ memory }) => memory.pendingResize?.reason === 'Deferred');
    const priority = ({ memory }: PodWorker) => memory.pod.spec!.priority ?? 0;
    for (const worker of waiting.sort((a, b) => priority(b) - priority(a))) {
      const wanted = cache.byUid(worker.memory.pod.metadata.uid!) as Pod | undefined;
      if (wanted !== undefined) resize(wanted, worker);
    }
  }

  /** What holds resources of this node beside one pod. */
  const othersThan = (uid: string): Pod[] =>
    list().filter((other) => other.metadata.uid !== uid && !isEnded(other) && !stopOf(other)?.phase);

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
  function stopForgotten(uid: string): void {
    context.statuses.forget(uid);
    stopWithOwnGrace(uid);
  }

  function stopWithOwnGrace(uid: string): void {
    const worker = workers.get(uid);
    const graceSeconds = worker?.memory.pod.spec?.terminationGracePeriodSeconds ?? 30;
    worker?.stop({ graceSeconds, sinceMs: clock.now(), deleted: true });
  }

  /** Only what is new is checked: a pod that ran before the agent restarted keeps its place. */
  function admit(pod: Pod, worker: PodWorker): void {
    const uid = pod.metadata!.uid!;
    if (context.observed.ofPod(uid).length > 0 || pod.metadata!.deletionTimestamp || isEnded(pod)) return;
    const pressed = pressure(pod);
    const refused = pressed ? { reason: 'Evicted', message: pressed } : refusal(pod, node(), othersThan(uid));
    if (refused === undefined) return;
    const { reason, message } = refused;
    context.record(pod, 'Warning', reason, message);
    worker.stop({
      graceSeconds: 0,
      sinceMs: clock.now(),
      deleted: false,
      phase: 'Failed',
      reason,
      message: `Pod was rejected: ${message}`,
    });
  }

  const stopOf = (pod: Pod): StopOrder | undefined => workers.get(pod.metadata!.uid!)?.memory.stop;
  const list = () => [...workers.values()].map(({ memory }) => memory.pod);

  /**
   * The end of a pod: nothing runs. One that the API wants gone goes, with its records and logs. Every event of the pod
   * meanwhile says again that it has ended: it is still finished once.
   */
  async function finish(worker: PodWorker): Promise<void> {
    const uid = worker.memory.pod.metadata!.uid!;
    if (!worker.memory.stop?.deleted || finishing.has(uid)) return;
    finishing.add(uid);
    await finishOnce(worker).finally(() => finishing.delete(uid));
  }

  async function finishOnce(worker: PodWorker): Promise<void> {
    const { pod } = worker.memory;
    const uid = pod.metadata!.uid!;
    // The last status is worth a moment, not a pod that never goes.
    const patience = new Promise<void>((resolve) => clock.after(lastStatusMsMax, resolve));
    await Promise.race([context.statuses.flushed(uid), patience]);
    if (!(await deleteObject(pod))) return;
    worker.dispose();
    workers.delete(uid);
    context.statuses.forget(uid);
    retryResizes();
    await removeRecords(context.observed.ofPod(uid), pod);
  }

  /** True when the API no longer has this pod. While the API is away it is asked again. */
  async function deleteObject(pod: Pod): Promise<boolean> {
    const { namespace, name, uid } = pod.metadata!;
    if (!context.statuses.isInApi(uid!)) return true;
    try {
      const preconditions = { uid: context.statuses.latest(uid!)!.metadata.uid };
      await context.client.delete('pods', { namespace, name }, { gracePeriodSeconds: 0, preconditions });
      return true;
    } catch (error) {
      if (error instanceof ApiError && (error.reason === 'NotFound' || error.reason === 'Conflict')) return true;
      log.warn('a stopped pod could not be deleted; trying again', { pod: name, namespace, error });
      const worker = workers.get(uid!);
      if (worker) clock.after(2000, () => void finish(worker));
      return false;
    }
  }

  async function removeRecords(sandboxes: Sandbox[], pod: Pod): Promise<void> {
    const { runtime } = context;
    for (const sandbox of sandboxes) {
      try {
        for (const { id } of sandbox.containers) await runtime.removeContainer(id);
        await runtime.removePod(sandbox.id);
        await context.observed.refresh(sandbox.id);
      } catch (error) {
        log.warn('records of a pod could not be removed; the next relist tries again', {
          pod: pod.metadata?.name,
          error,
        });
      }
    }
    const logs = logDirectoryOf(context.logsDirectory, pod);
    if (dirname(join(context.logsDirectory, basename(logs))) === context.logsDirectory)
      await rm(logs, { recursive: true, force: true });
  }

  /** Pods the runtime holds and nobody wants any more: deleted while the agent was away. */
  function collectOrphans(): void {
    for (const uid of context.observed.uids()) {
      if (workers.has(uid)) continue;
      const sandbox = context.observed.ofPod(uid)[0]!;
      const worker = createWorker(orphanOf(sandbox), context, (ended) => void finish(ended));
      workers.set(uid, worker);
      const graceSeconds = Number(sandbox.annotations['rempart.io/grace-seconds'] ?? 30) || 1;
      worker.stop({ graceSeconds, sinceMs: clock.now(), deleted: true });
    }
  }

  async function collectLeftovers(): Promise<void> {
    // Asked anew for each: a pod may have come since the directories were read.
    const isKnown = (uid: string) => workers.has(uid) || context.observed.ofPod(uid).length > 0;
    for (const uid of await context.volumes.present())
      if (!isKnown(uid))
        await context.volumes.release(uid).catch((error) => log.warn('volumes of a gone pod stay', { uid, error }));
    await context.cgroups.removeOthers(new Set([...workers.keys(), ...context.observed.uids()]));
  }

  function fail(uid: string, reason: string, message: string, graceSeconds: number): void {
    workers.get(uid)?.stop({ graceSeconds, sinceMs: clock.now(), deleted: false, phase: 'Failed', reason, message });
  }

  async function relist(): Promise<void> {
    try {
      await context.observed.relist();
      collectOrphans();
      await collectLeftovers();
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
    list,
    setStatic(pod) {
      context.statuses.local(pod);
      adopt(pod);
    },
    mirrored: (uid, mirror) => context.statuses.seen(mirror, uid),
    removeStatic: stopWithOwnGrace,
    fail,
    get: (uid) => workers.get(uid),
  };
}

const isEnded = ({ status }: Pod) => status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** Enough of a pod to stop what is left of it. */
function orphanOf({ name, namespace, uid, labels }: Sandbox): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, uid, labels }, spec: { containers: [] } } as Pod;
}
