import type { Job, JobStatus, Pod } from '../api/schema/types.d.ts';
import { isTrue } from '../reconcile/conditions.ts';
import { isDeleting } from '../reconcile/owned.ts';
import { formatIndexes, parseIndexes } from './job-indexes.ts';
import { type Counts, failuresOf, isFailed, isTracked } from './job-pods.ts';
import { failureAction, indexOf, isIndexed } from './job-policy.ts';

export type Tally = Counts & {
  /** What the status says of counted pods, to be stored before any finalizer is taken away. */
  status: Pick<JobStatus, 'succeeded' | 'failed' | 'completedIndexes' | 'failedIndexes' | 'uncountedTerminatedPods'>;
  /** Pods that are counted in `status`: their finalizer may go. */
  release: Pod[];
  /** Their pods still carry the finalizer. */
  uncounted: number;
  newFailures: number;
  newSuccesses: number;
  /** Why the failure policy ends the whole job. */
  failJob: string | undefined;
};

/**
 * Counts each ended pod exactly once: first its uid goes into the status, then its finalizer is taken away, and when
 * that is seen the uid becomes part of the number. A crash between any two of these steps loses and doubles nothing.
 */
export function tally(job: Job, pods: Pod[]): Tally {
  const { status = {}, spec } = job;
  const size = spec!.completions ?? 0;
  const byUid = new Map(pods.map((pod) => [pod.metadata.uid!, pod]));
  const pending = { succeeded: new Set<string>(), failed: new Set<string>() };
  const numbers = { succeeded: status.succeeded ?? 0, failed: status.failed ?? 0 };
  for (const list of ['succeeded', 'failed'] as const)
    for (const uid of status.uncountedTerminatedPods?.[list] ?? []) {
      const pod = byUid.get(uid);
      if (pod && isTracked(pod)) pending[list].add(uid);
      else numbers[list]++;
    }
  const succeededIndexes = parseIndexes(status.completedIndexes, size);
  const failedIndexes = parseIndexes(status.failedIndexes, size);
  const result = { release: [] as Pod[], newFailures: 0, newSuccesses: 0, failJob: undefined as string | undefined };
  const failures: Failure[] = [];

  for (const pod of pods) {
    if (!isTracked(pod)) continue;
    const uid = pod.metadata.uid!;
    const known = pending.succeeded.has(uid) || pending.failed.has(uid);
    const index = isIndexed(job) ? indexOf(pod, job) : undefined;
    if (pod.status?.phase === 'Succeeded') {
      result.release.push(pod);
      if (known || (isIndexed(job) && (index === undefined || succeededIndexes.has(index)))) continue;
      result.newSuccesses++;
      if (index === undefined) pending.succeeded.add(uid);
      else succeededIndexes.add(index);
    } else if (isFailed(job, pod)) {
      if (known) {
        result.release.push(pod);
        continue;
      }
      const { action, message } = failureAction(job, pod);
      const counts = action !== 'Ignore' && (index !== undefined || !isIndexed(job));
      failures.push({ pod, index, counts });
      if (!counts) continue;
      if (action === 'FailJob') result.failJob ??= message;
      const { backoffLimitPerIndex } = spec!;
      const exhausted = backoffLimitPerIndex !== undefined && failuresOf(pod) + 1 > backoffLimitPerIndex;
      if (index !== undefined && (action === 'FailIndex' || exhausted)) failedIndexes.add(index);
    }
  }
  const kept = keptFailures(job, pods, failures, new Set([...succeededIndexes, ...failedIndexes]));
  for (const failure of new Set(failures).difference(new Set(kept))) {
    result.release.push(failure.pod);
    if (!failure.counts) continue;
    result.newFailures++;
    pending.failed.add(failure.pod.metadata.uid!);
  }
  const succeeded = isIndexed(job) ? succeededIndexes.size : numbers.succeeded + pending.succeeded.size;
  const lists = { succeeded: [...pending.succeeded], failed: [...pending.failed] };
  return {
    ...result,
    uncounted: lists.succeeded.length + lists.failed.length + kept.length,
    succeeded,
    failed: numbers.failed + pending.failed.size + kept.filter(({ counts }) => counts).length,
    succeededIndexes,
    failedIndexes,
    status: {
      succeeded: (isIndexed(job) ? succeeded : numbers.succeeded) || undefined,
      failed: numbers.failed || undefined,
      completedIndexes: formatIndexes(succeededIndexes) || undefined,
      failedIndexes: spec!.backoffLimitPerIndex === undefined ? undefined : formatIndexes(failedIndexes) || undefined,
      uncountedTerminatedPods: {
        succeeded: lists.succeeded.length > 0 ? lists.succeeded : undefined,
        failed: lists.failed.length > 0 ? lists.failed : undefined,
      },
    },
  };
}

type Failure = { pod: Pod; index: number | undefined; counts: boolean };

/**
 * How often an index with a limit of its own has failed stands in its last failed pod, which therefore must not vanish
 * before another one has taken it over, or nobody will ask.
 */
function keptFailures(job: Job, pods: Pod[], failures: Failure[], ended: ReadonlySet<number>): Failure[] {
  const isEnding = ['FailureTarget', 'SuccessCriteriaMet'].some((type) => isTrue(job.status?.conditions, type));
  if (job.spec!.backoffLimitPerIndex === undefined || isEnding || isDeleting(job)) return [];
  const settled = new Set<number | undefined>([undefined, ...ended]);
  for (const pod of pods) if (!isFailed(job, pod)) settled.add(indexOf(pod, job));
  const last = new Map<number, Failure>();
  for (const failure of failures) {
    const { index, pod } = failure;
    if (index === undefined || settled.has(index)) continue;
    const other = last.get(index);
    if (other === undefined || failuresOf(pod) >= failuresOf(other.pod)) last.set(index, failure);
  }
  return [...last.values()];
}
