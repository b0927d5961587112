import type { Log } from '../foundation/log.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { SchedulingQueue } from './queue.ts';
import type { Reporter } from './report.ts';
import type { World } from './snapshot.ts';

/**
 * Pods that were given a node. From then on they count as being there; bindings are written in parallel, and taken back
 * when they fail.
 */
export type Placements = {
  place(pod: PodInfo, node: NodeInfo): void;
  /** By uid: placed by us, until the API tells so. */
  assumed: Map<string, PodInfo>;
  /** Bindings that are being written. */
  binding(): number;
};

type Around = {
  world: World;
  queue: SchedulingQueue;
  report: Reporter;
  log: Log;
  /** Undefined where no volume has to be waited for, which may take minutes. */
  settleVolumes(pod: PodInfo, node: NodeInfo): Promise<void> | undefined;
  /** Writes the binding; rejects when it was refused. */
  bind(pod: PodInfo, node: NodeInfo): Promise<void>;
  /** A binding failed: what the pod took is free again. */
  onFreed(): void;
  /** A binding is written, well or badly: there is a place for another. */
  onEnd(): void;
};

export function createPlacements(around: Around): Placements {
  const { world, queue, report, log, onFreed } = around;
  const assumed = new Map<string, PodInfo>();
  let binding = 0;

  async function realize(pod: PodInfo, node: NodeInfo): Promise<void> {
    try {
      const settling = around.settleVolumes(pod, node);
      if (settling !== undefined) await settling;
      if (assumed.get(pod.uid) !== pod) return;
      await write(pod, node);
      queue.done(pod.uid);
      report.scheduled(pod);
    } catch (error) {
      takeBack(pod, error as Error);
    }
  }

  async function write(pod: PodInfo, node: NodeInfo): Promise<void> {
    binding++;
    try {
      await around.bind(pod, node);
    } finally {
      binding--;
      around.onEnd();
    }
  }

  /** Deleted pods, and those that somebody else bound, leave by their own events. */
  function takeBack(pod: PodInfo, error: Error): void {
    const { namespace, name, nodeName } = pod;
    if (assumed.get(pod.uid) !== pod) return;
    assumed.delete(pod.uid);
    world.unplace(pod.uid);
    pod.nodeName = '';
    onFreed();
    log.warn('binding failed', { namespace, pod: name, node: nodeName, error });
    report.failed(pod, `binding rejected: ${error.message}`);
    queue.park(pod, new Set());
  }

  return {
    assumed,
    binding: () => binding,
    place(pod, node) {
      pod.nodeName = node.name;
      assumed.set(pod.uid, pod);
      world.denominate(pod.uid);
      world.place(pod);
      void realize(pod, node);
    },
  };
}
