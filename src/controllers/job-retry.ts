import type { Job, Pod } from '../api/schema/types.d.ts';
import { conditionOf } from '../reconcile/conditions.ts';
import { type Counts, failuresOf, isFailed, isTracked, waitsForEnd } from './job-pods.ts';
import { failureAction, indexOf } from './job-policy.ts';
import type { Tally } from './job-tally.ts';
import { isActive } from './pods.ts';

const backOffInitialMs = 10_000;
const backOffMaximumMs = 600_000;
const backOffMs = (failures: number) => Math.min(backOffMaximumMs, backOffInitialMs * 2 ** Math.min(failures - 1, 16));

/** By job: failures in a row, and when the last was seen. */
export type BackOffs = Map<string, { failures: number; lastMs: number }>;

/** How long to wait before a failed pod is replaced: 10 s, doubled with each failure in a row, 10 minutes at most. */
export function waitAfterFailures(job: Job, counts: Tally, backOffs: BackOffs, nowMs: number): number {
  if (job.spec!.backoffLimitPerIndex !== undefined) return 0;
  const id = `${job.metadata.namespace}/${job.metadata.name}`;
  if (counts.newSuccesses > 0) backOffs.delete(id);
  if (counts.newFailures > 0)
    backOffs.set(id, { failures: (backOffs.get(id)?.failures ?? 0) + counts.newFailures, lastMs: nowMs });
  const state = backOffs.get(id);
  return state === undefined ? 0 : state.lastMs + backOffMs(state.failures) - nowMs;
}

type Attempt = { index: number; failures: number; atMs: number };

/** How often an index with a limit of its own has failed so far, and when it may be tried again: asked of thousands. */
export function attempts(job: Job, pods: Pod[]): (index: number) => Attempt {
  if (job.spec!.backoffLimitPerIndex === undefined) return (index) => ({ index, failures: 0, atMs: 0 });
  const failedOf = Map.groupBy(
    pods.filter((pod) => isFailed(job, pod)),
    (pod) => indexOf(pod, job),
  );
  const after = (pod: Pod) => failuresOf(pod) + (failureAction(job, pod).action === 'Ignore' ? 0 : 1);
  return (index) => {
    const failed = failedOf.get(index) ?? [];
    const failures = Math.max(0, ...failed.map(after));
    return { index, failures, atMs: failures === 0 ? 0 : Math.max(...failed.map(endedMs)) + backOffMs(failures) };
  };
}

/**
 * The lowest indexes that neither run nor have ended, and may be tried now; `waitMs`: until there are more of them.
 */
export function indexesToStart(job: Job, pods: Pod[], counts: Counts, count: number, nowMs: number) {
  const taken = new Set<number>([...counts.succeededIndexes, ...counts.failedIndexes]);
  for (const pod of pods) {
    const index = indexOf(pod, job);
    if (index !== undefined && (isActive(pod) || isUncounted(pod) || waitsForEnd(job, pod))) taken.add(index);
  }
  const attemptOf = attempts(job, pods);
  const due: Attempt[] = [];
  let nextMs = Number.POSITIVE_INFINITY;
  for (let index = 0; due.length < count && index < (job.spec!.completions ?? 0); index++) {
    if (taken.has(index)) continue;
    const attempt = attemptOf(index);
    if (attempt.atMs <= nowMs) due.push(attempt);
    else nextMs = Math.min(nextMs, attempt.atMs);
  }
  return { due, waitMs: due.length < count && nextMs < Number.POSITIVE_INFINITY ? nextMs - nowMs : 0 };
}

const isUncounted = (pod: Pod) => pod.status?.phase === 'Succeeded' && isTracked(pod);

function endedMs({ metadata, status }: Pod): number {
  const ends = (status?.containerStatuses ?? []).flatMap(({ state }) => state?.terminated?.finishedAt ?? []);
  const ready = conditionOf(status?.conditions, 'Ready')?.lastTransitionTime;
  const known = ends.length > 0 ? ends : [metadata.deletionTimestamp ?? ready ?? metadata.creationTimestamp ?? ''];
  return Math.max(...known.map((time) => Date.parse(time) || 0));
}
