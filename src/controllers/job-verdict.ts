import type { Job, Pod } from '../api/schema/types.d.ts';
import { isTrue } from '../reconcile/conditions.ts';
import { isIndexed, successRule } from './job-policy.ts';
import type { Tally } from './job-tally.ts';

export type Verdict = { type: 'SuccessCriteriaMet' | 'FailureTarget'; reason: string; message: string };

export const isEnded = ({ status }: Job): boolean =>
  isTrue(status?.conditions, 'Complete') || isTrue(status?.conditions, 'Failed');

/** Has the job met its end, good or bad? Running pods are then stopped before the job is Complete or Failed. */
export function judge(job: Job, active: Pod[], counts: Tally, nowMs: number): Verdict | undefined {
  for (const type of ['FailureTarget', 'SuccessCriteriaMet'] as const) {
    const said = job.status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');
    if (said) return { type, reason: said.reason ?? '', message: said.message ?? '' };
  }
  const failure = failureOf(job, active, counts, nowMs);
  if (failure) return { type: 'FailureTarget', ...failure };
  const rule = successRule(job, counts.succeededIndexes);
  if (rule) return { type: 'SuccessCriteriaMet', reason: 'SuccessPolicy', message: rule };
  const { completions } = job.spec!;
  const reached =
    completions === undefined ? counts.succeeded > 0 && active.length === 0 : counts.succeeded >= completions;
  if (!reached) return undefined;
  const message = 'Reached expected number of succeeded pods';
  return { type: 'SuccessCriteriaMet', reason: 'CompletionsReached', message };
}

function failureOf(job: Job, active: Pod[], counts: Tally, nowMs: number) {
  const { backoffLimit = 6, maxFailedIndexes, completions = 0, template } = job.spec!;
  if (counts.failJob) return { reason: 'PodFailurePolicy', message: counts.failJob };
  const deadlineMs = deadlineOf(job);
  if (deadlineMs !== undefined && nowMs >= deadlineMs)
    return { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
  const restarts = template.spec?.restartPolicy === 'OnFailure' ? restartsOf(active) : 0;
  if (counts.failed > backoffLimit || (restarts > 0 && restarts >= Math.max(1, backoffLimit)))
    return { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
  if (maxFailedIndexes !== undefined && counts.failedIndexes.size > maxFailedIndexes)
    return {
      reason: 'MaxFailedIndexesExceeded',
      message: 'Job has exceeded the specified maximal number of failed indexes',
    };
  const ended = counts.failedIndexes.size + counts.succeededIndexes.size;
  if (isIndexed(job) && counts.failedIndexes.size > 0 && ended >= completions)
    return { reason: 'FailedIndexes', message: 'Job has failed indexes' };
  return undefined;
}

/** Of all containers together: each restart was a failure. */
function restartsOf(pods: Pod[]): number {
  const statuses = pods.flatMap(({ status }) => [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
  ]);
  return statuses.reduce((sum, { restartCount }) => sum + (restartCount ?? 0), 0);
}

export function deadlineOf({ spec, status }: Job): number | undefined {
  if (spec!.activeDeadlineSeconds === undefined || !status?.startTime || spec!.suspend) return undefined;
  return Date.parse(status.startTime) + spec!.activeDeadlineSeconds * 1000;
}
