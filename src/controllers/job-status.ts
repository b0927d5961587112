import type { Job, JobStatus, Pod } from '../api/schema/types.d.ts';
import { formatTime } from '../foundation/clock.ts';
import { type Condition, conditionOf, withCondition } from '../reconcile/conditions.ts';
import type { ControllerContext } from '../reconcile/controller.ts';
import { isDeleting } from '../reconcile/owned.ts';
import type { Tally } from './job-tally.ts';
import type { Verdict } from './job-verdict.ts';
import { isActive, isFinished, isReady } from './pods.ts';

/** What the job's status says after this run; its end is said when the last pod is counted and gone. */
export function statusOf(job: Job, pods: Pod[], counts: Tally, verdict: Verdict | undefined, nowMs: number): JobStatus {
  const active = pods.filter(isActive);
  const terminating = pods.filter((pod) => isDeleting(pod) && !isFinished(pod));
  const suspended = job.spec!.suspend === true;
  let conditions = job.status?.conditions as Condition[] | undefined;
  const set = (type: string, status: string, reason: string, message: string) => {
    const time = formatTime(nowMs);
    const changed = withCondition(conditions, { type, status, reason, message }, nowMs);
    conditions =
      changed === conditions
        ? changed
        : changed.map((one) => (one.type === type ? { ...one, lastProbeTime: time } : one));
  };
  const wasSuspended = conditionOf(conditions, 'Suspended')?.status === 'True';
  if (suspended && !verdict) set('Suspended', 'True', 'JobSuspended', 'Job suspended');
  else if (wasSuspended) set('Suspended', 'False', 'JobResumed', 'Job resumed');
  let startTime = suspended ? undefined : (job.status?.startTime ?? formatTime(nowMs));
  if (wasSuspended && !suspended) startTime = formatTime(nowMs);
  const status: JobStatus = {
    ...counts.status,
    startTime,
    active: active.length || undefined,
    ready: active.filter(isReady).length,
    terminating: terminating.length,
  };
  if (verdict) {
    set(verdict.type, 'True', verdict.reason, verdict.message);
    if (active.length === 0 && terminating.length === 0 && counts.uncounted === 0) {
      const succeeded = verdict.type === 'SuccessCriteriaMet';
      set(succeeded ? 'Complete' : 'Failed', 'True', verdict.reason, verdict.message);
      if (succeeded) status.completionTime = formatTime(nowMs);
    }
  }
  status.conditions = conditions as JobStatus['conditions'];
  return status;
}

export function tellChanges({ event }: ControllerContext, before: Job, after: Job): void {
  for (const { type, status, reason = '', message = '' } of after.status?.conditions ?? []) {
    if (conditionOf(before.status?.conditions, type)?.status === status) continue;
    if (type === 'Complete') event(after, 'Normal', 'Completed', 'Job completed');
    else if (type === 'Failed') event(after, 'Warning', reason, message);
    else if (type === 'Suspended') event(after, 'Normal', status === 'True' ? 'Suspended' : 'Resumed', message);
  }
}
