import type { Pod, StatefulSet } from '../api/schema/types.d.ts';
import { isDeleting } from '../reconcile/owned.ts';
import { intOrPercent } from './int-or-percent.ts';
import { isAvailable, isFinished } from './pods.ts';
import { revisionHashLabel } from './revisions.ts';

/** What to do next; nothing when the set has to wait for a pod, or is as wanted. */
export type Plan = { create: { ordinal: number; updated: boolean }[]; remove: Pod[] };

export function ordinalOf(set: StatefulSet, { metadata }: Pod): number | undefined {
  const match = /^(.+)-(\d{1,9})$/.exec(metadata.name);
  return match?.[1] === set.metadata.name ? Number(match![2]) : undefined;
}

/** The ordinals a set wants, and the first that is to be updated. */
export function ordinalsOf({ spec }: StatefulSet): { start: number; end: number; partition: number } {
  const start = spec!.ordinals?.start ?? 0;
  const partition = spec!.updateStrategy?.rollingUpdate?.partition ?? 0;
  return { start, end: start + (spec!.replicas ?? 1), partition: start + partition };
}

export const revisionOfPod = ({ metadata }: Pod): string => metadata.labels?.[revisionHashLabel] ?? '';

/**
 * One step of a stateful set. Ordered sets do one thing at a time: pods are made in order, each when its predecessors
 * are available, removed from the highest down, and updated from the highest down to the partition.
 */
export function planStatefulSet(
  set: StatefulSet,
  pods: Pod[],
  revisions: { current: string; update: string },
  nowMs: number,
): Plan {
  const plan: Plan = { create: [], remove: [] };
  if (isDeleting(set)) return plan;
  const { start, end } = ordinalsOf(set);
  const ordered = set.spec!.podManagementPolicy !== 'Parallel';
  const healthy = (pod: Pod) => !isDeleting(pod) && isAvailable(pod, set.spec!.minReadySeconds ?? 0, nowMs);
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod)!, pod]));

  for (let ordinal = start; ordinal < end; ordinal++) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) plan.create.push({ ordinal, updated: startsUpdated(set, ordinal, revisions) });
    else if (isFinished(pod) && !isDeleting(pod)) plan.remove.push(pod);
    if (ordered && (pod === undefined || !healthy(pod))) return plan;
  }

  const condemned = [...byOrdinal].filter(([ordinal]) => ordinal < start || ordinal >= end).sort(([a], [b]) => b - a);
  const lowestUnhealthy = condemned.findLast(([, pod]) => !healthy(pod))?.[1];
  for (const [, pod] of condemned) {
    // As upstream: a pod that does not work is waited for, but for the lowest of them, or a broken set could never end.
    if (ordered && !healthy(pod) && pod !== lowestUnhealthy) return plan;
    if (!isDeleting(pod)) plan.remove.push(pod);
    if (ordered) return plan;
  }
  if (set.spec!.updateStrategy?.type === 'OnDelete' || plan.create.length > 0 || plan.remove.length > 0) return plan;
  plan.remove.push(...outdated(set, byOrdinal, revisions.update, healthy));
  return plan;
}

/** Below the partition a pod is made again as it was. */
function startsUpdated(set: StatefulSet, ordinal: number, { current, update }: { current: string; update: string }) {
  if (current === update || set.spec!.updateStrategy?.type === 'OnDelete') return true;
  return ordinal >= ordinalsOf(set).partition;
}

function outdated(
  set: StatefulSet,
  byOrdinal: Map<number, Pod>,
  update: string,
  healthy: (pod: Pod) => boolean,
): Pod[] {
  const { end, partition } = ordinalsOf(set);
  const replicas = set.spec!.replicas ?? 1;
  const { maxUnavailable = 1 } = set.spec!.updateStrategy?.rollingUpdate ?? {};
  const allowed = Math.max(1, intOrPercent(maxUnavailable, replicas, false));
  let unavailable = [...byOrdinal.values()].filter((pod) => !healthy(pod)).length;
  const remove: Pod[] = [];
  for (let ordinal = end - 1; ordinal >= partition; ordinal--) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined || isDeleting(pod)) continue;
    const old = revisionOfPod(pod) !== update;
    // An old pod that is not healthy is replaced at once: waiting for it could take for ever.
    if (old && healthy(pod) && unavailable++ >= allowed) break;
    if (old) remove.push(pod);
    else if (!healthy(pod) && unavailable >= allowed) break;
    if (remove.length >= allowed) break;
  }
  return remove;
}
