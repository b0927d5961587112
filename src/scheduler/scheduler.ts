import type { Caches } from '../client/cache.ts';
import type { Client } from '../client/client.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import { bind, settleVolumes } from './bind.ts';
import { budgetsOf, makeRoom } from './make-room.ts';
import { createMemo } from './memo.ts';
import { observe, volumesOf, watched } from './observe.ts';
import { createPlacements } from './placements.ts';
import type { Wake } from './plugin.ts';
import { plugins } from './plugins.ts';
import type { PodInfo } from './pod-info.ts';
import { preempt } from './preempt.ts';
import { createQueue } from './queue.ts';
import { describe, detailOf } from './reasons.ts';
import { createRefusals } from './refusals.ts';
import { createReporter } from './report.ts';
import { type NoPlacement, schedule } from './schedule.ts';
import { siblingsOf } from './siblings.ts';
import { createWorld } from './snapshot.ts';

export type SchedulerOptions = {
  /** Carries the identity `system:kube-scheduler`. */
  client: Client;
  caches: Caches;
  clock: Clock;
  log: Log;
  schedulerName?: string;
};
export type Scheduler = {
  /** Pods that wait for a decision, for a change that lets them fit, and for their binding to be written. */
  depth(): { active: number; parked: number; binding: number };
  stop(): void;
};

/** Pods that wait for their volumes, which may take minutes, are not among them. */
export const bindingsAtOnceMax = 256;
/** The API server may live in the same process: after this long others get their turn. */
const sliceMs = 5;

/**
 * Gives every pending pod of its name a node. Decisions are made one after the other from memory, each on top of those
 * before it; bindings are written in parallel, and taken back when they fail.
 */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const { client, caches, clock, log, schedulerName = 'default-scheduler' } = options;
  const namespaceLabels = (name: string) => caches('namespaces').get('', name)?.metadata.labels;
  const world = createWorld({ volumes: volumesOf(caches), namespaceLabels, siblings: siblingsOf(caches) });
  const queue = createQueue(clock, trigger);
  const report = createReporter({ client, clock, log });
  const refusals = createRefusals();
  const memo = createMemo();
  const placements = createPlacements({
    ...{ world, queue, report, log },
    settleVolumes: (pod, node) => settleVolumes(pod, node, { client, caches, clock, world }),
    bind: (pod, node) => bind(pod, node, client),
    onFreed: () => changed('pod-gone'),
    onEnd: trigger,
  });
  let startIndex = 0;
  let [ready, scheduled, stopped] = [false, false, false];
  let stopObserving = () => {};

  /** It is told something else than others of its kind. */
  const isPromised = ({ uid }: PodInfo) => world.nominatedNode(uid) !== undefined;

  function changed(change: Wake): void {
    refusals.changed(change);
    queue.wake(change);
  }

  function trigger(): void {
    if (scheduled || !ready || stopped) return;
    scheduled = true;
    setImmediate(run);
  }

  function run(): void {
    scheduled = false;
    const untilMs = clock.monotonicMs() + sliceMs;
    while (!stopped && placements.binding() < bindingsAtOnceMax) {
      const pod = queue.pop();
      if (pod === undefined) return;
      decide(pod);
      if (clock.monotonicMs() < untilMs) continue;
      trigger();
      return;
    }
  }

  function decide(pod: PodInfo): void {
    try {
      const told = isPromised(pod) ? undefined : refusals.find(pod);
      if (told !== undefined) {
        queue.park(pod, told.wakes);
        report.unschedulable(pod, told.message, told.detail);
        return;
      }
      const result = schedule(pod, world, { startIndex, memo });
      if (result.node === undefined) {
        refuse(pod, result);
        return;
      }
      startIndex = (startIndex + result.visited) % world.nodes.length;
      placements.place(pod, result.node);
    } catch (error) {
      log.error('scheduling failed', { namespace: pod.namespace, pod: pod.name, error });
      queue.park(pod, new Set());
    }
  }

  function refuse(pod: PodInfo, result: NoPlacement): void {
    const preemption = preempt(pod, world, result, budgetsOf(caches));
    const found = preemption.node !== undefined;
    const message = describe(result, world.nodes.length, found ? undefined : preemption);
    const detail = result.verdicts.length > 0 ? detailOf(pod, world, result) : undefined;
    const told = { message, detail, wakes: wakesOf(result) };
    queue.park(pod, told.wakes);
    report.unschedulable(pod, message, detail, preemption.node?.name);
    if (!found) {
      if (!isPromised(pod)) refusals.remember(pod, told);
      return;
    }
    world.nominate(pod, preemption.node.name);
    void makeRoom(pod, preemption, { client, clock, log, report });
  }

  async function start(): Promise<void> {
    await Promise.all(watched.map((resource) => caches(resource).synced()));
    if (stopped) return;
    stopObserving = observe({
      caches,
      world,
      queue,
      assumed: placements.assumed,
      schedulerName,
      changed,
      onGated: report.gated,
    });
    ready = true;
    trigger();
  }

  start().catch((error) => log.error('the scheduler did not start', { error }));
  return {
    depth: () => ({ ...queue.depth(), binding: placements.binding() }),
    stop() {
      stopped = true;
      queue.stop();
      stopObserving();
    },
  };
}

/** A change of what any refusing plugin looks at is worth another try. Without nodes, only a node is. */
function wakesOf({ verdicts, everywhere }: NoPlacement): Set<Wake> {
  const refusing = new Set([...verdicts, ...(everywhere ? [everywhere] : [])].map(({ plugin }) => plugin));
  return new Set<Wake>(['node', ...plugins.filter((it) => refusing.has(it)).flatMap(({ wakes }) => wakes)]);
}
