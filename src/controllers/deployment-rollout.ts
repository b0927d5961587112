import type { Deployment, ReplicaSet } from '../api/schema/types.d.ts';
import { intOrPercent } from './int-or-percent.ts';

/** What a set should be scaled to, as the pure part of a rollout decides. */
export type Scale = { set: ReplicaSet; replicas: number };

export const desiredReplicas = 'deployment.kubernetes.io/desired-replicas';
export const maxReplicas = 'deployment.kubernetes.io/max-replicas';

export const replicasOf = (set: ReplicaSet): number => set.spec?.replicas ?? 0;
const total = (sets: ReplicaSet[], count: (set: ReplicaSet) => number) =>
  sets.reduce((sum, set) => sum + count(set), 0);
const availableOf = (set: ReplicaSet): number => set.status?.availableReplicas ?? 0;
const byAge = (a: ReplicaSet, b: ReplicaSet) =>
  (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') ||
  a.metadata.name.localeCompare(b.metadata.name);

/** maxSurge and maxUnavailable as numbers of pods; both zero would never move, so then one may be unavailable. */
export function limitsOf({ spec }: Deployment): { surge: number; unavailable: number } {
  if (spec!.strategy?.type === 'Recreate') return { surge: 0, unavailable: 0 };
  const wanted = spec!.replicas ?? 1;
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec!.strategy?.rollingUpdate ?? {};
  const surge = intOrPercent(maxSurge, wanted, true);
  const unavailable = Math.min(intOrPercent(maxUnavailable, wanted, false), wanted);
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

/** How many replicas the newest set starts with, or grows to, without exceeding the surge. */
export function newSetReplicas(deployment: Deployment, newest: ReplicaSet | undefined, old: ReplicaSet[]): number {
  const wanted = deployment.spec!.replicas ?? 1;
  if (deployment.spec!.strategy?.type === 'Recreate') return wanted;
  const present = newest ? replicasOf(newest) : 0;
  const room = wanted + limitsOf(deployment).surge - total(old, replicasOf) - present;
  return room <= 0 ? present : present + Math.max(0, Math.min(room, wanted - present));
}

/**
 * One step of a rolling update: grow the newest set as far as the surge allows, or else shrink old ones as far as
 * enough pods stay available. Old pods that are not available go first, because they cost nothing.
 */
export function rollingStep(deployment: Deployment, newest: ReplicaSet, old: ReplicaSet[]): Scale[] {
  const wanted = deployment.spec!.replicas ?? 1;
  if (replicasOf(newest) > wanted) return [{ set: newest, replicas: wanted }];
  const grown = newSetReplicas(deployment, newest, old);
  if (grown !== replicasOf(newest)) return [{ set: newest, replicas: grown }];

  const minimumAvailable = wanted - limitsOf(deployment).unavailable;
  const all = total([newest, ...old], replicasOf);
  const newUnavailable = Math.max(0, replicasOf(newest) - availableOf(newest));
  let spare = all - minimumAvailable - newUnavailable;
  if (spare <= 0) return [];

  const left = new Map(old.map((set) => [set, replicasOf(set)]));
  const oldestFirst = [...old].sort(byAge);
  for (const set of oldestFirst) {
    const unhealthy = Math.min(spare, Math.max(0, replicasOf(set) - availableOf(set)));
    left.set(set, replicasOf(set) - unhealthy);
    spare -= unhealthy;
  }
  let removable = total([newest, ...old], availableOf) - minimumAvailable;
  for (const set of oldestFirst) {
    const removed = Math.min(left.get(set)!, Math.max(0, removable));
    left.set(set, left.get(set)! - removed);
    removable -= removed;
  }
  return oldestFirst
    .map((set) => ({ set, replicas: left.get(set)! }))
    .filter(({ set, replicas }) => replicas !== replicasOf(set));
}

/** Recreate: old pods go first, all of them; the newest set starts when none of their pods is left. */
export function recreateStep(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  old: ReplicaSet[],
  oldPodsLeft: boolean,
): Scale[] {
  const down = old.filter((set) => replicasOf(set) > 0).map((set) => ({ set, replicas: 0 }));
  if (down.length > 0 || oldPodsLeft || newest === undefined) return down;
  const wanted = deployment.spec!.replicas ?? 1;
  return replicasOf(newest) === wanted ? [] : [{ set: newest, replicas: wanted }];
}

/** Was the deployment itself scaled since its sets were sized? */
export function isScalingEvent(deployment: Deployment, sets: ReplicaSet[]): boolean {
  return sets.some((set) => {
    const desired = set.metadata.annotations?.[desiredReplicas];
    return replicasOf(set) > 0 && desired !== undefined && Number(desired) !== (deployment.spec!.replicas ?? 1);
  });
}

/**
 * A scaled deployment spreads the difference over its sets in proportion to their size, so that a rollout half way
 * stays half way. What rounding leaves over goes to the largest set. Sets that keep their size are named too: their record
 * of the deployment's size is renewed.
 */
export function proportionalScale(deployment: Deployment, newest: ReplicaSet | undefined, old: ReplicaSet[]): Scale[] {
  const wanted = deployment.spec!.replicas ?? 1;
  const active = [...(newest ? [newest] : []), ...old].filter((set) => replicasOf(set) > 0);
  if (active.length <= 1) {
    const only = active[0] ?? newest ?? old.toSorted(byAge).at(-1);
    return only ? [{ set: only, replicas: wanted }] : [];
  }
  const saturated =
    newest !== undefined &&
    replicasOf(newest) === wanted &&
    Number(newest.metadata.annotations?.[desiredReplicas]) === wanted &&
    availableOf(newest) === wanted;
  if (saturated) return old.filter((set) => replicasOf(set) > 0).map((set) => ({ set, replicas: 0 }));
  if (deployment.spec!.strategy?.type === 'Recreate') return active.map((set) => ({ set, replicas: replicasOf(set) }));

  const allowed = wanted > 0 ? wanted + limitsOf(deployment).surge : 0;
  const toAdd = allowed - total(active, replicasOf);
  const growing = (a: ReplicaSet, b: ReplicaSet) =>
    replicasOf(b) - replicasOf(a) || (toAdd > 0 ? byAge(b, a) : byAge(a, b));
  const sorted = [...active].sort(growing);
  let added = 0;
  const scales = sorted.map((set) => {
    const share = toAdd === 0 ? 0 : proportion(set, allowed, toAdd, added, wanted);
    added += share;
    return { set, replicas: replicasOf(set) + share };
  });
  scales[0]!.replicas = Math.max(0, scales[0]!.replicas + toAdd - added);
  return scales;
}

function proportion(set: ReplicaSet, allowed: number, toAdd: number, added: number, wanted: number): number {
  const size = replicasOf(set);
  const before = Number(set.metadata.annotations?.[maxReplicas]) || wanted;
  const share = wanted === 0 ? -size : Math.round((size * allowed) / before) - size;
  return toAdd > 0 ? Math.min(share, toAdd - added) : Math.max(share, toAdd - added);
}
