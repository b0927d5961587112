import type { KubernetesObject } from '../api/object.ts';
import type { Job, JobStatus, Pod } from '../api/schema/types.d.ts';
import { formatTime } from '../foundation/clock.ts';
import { type Condition, conditionOf, withCondition } from '../reconcile/conditions.ts';
import type { Controller, ControllerContext, Key, Result } from '../reconcile/controller.ts';
import { claim, controllerOf, deleteObject, ignoreGone, isDeleting, ownerOrSelectorKeys } from '../reconcile/owned.ts';
import { writeStatus } from '../reconcile/status.ts';
import { inBatches } from './batches.ts';
import {
  failuresOf,
  indexesToStart,
  isTracked,
  jobPod,
  surplus,
  trackingFinalizer,
  waitsForEnd,
  wantedActive,
} from './job-pods.ts';
import { failureAction, indexOf, isIndexed } from './job-policy.ts';
import { type Tally, tally } from './job-tally.ts';
import { deadlineOf, isEnded, judge, type Verdict } from './job-verdict.ts';
import { isActive, isReady } from './pods.ts';

const jobs = 'jobs.batch';
const burstMax = 500;
const backOffInitialMs = 10_000;
const backOffMaximumMs = 600_000;

type BackOff = { failures: number; lastMs: number };

/** Runs pods until enough of them have succeeded, or too many have failed. */
export function jobController(): Controller {
  const backOffs = new Map<string, BackOff>();
  const byOwner = ownerOrSelectorKeys(jobs, 'Job', 'batch');
  return {
    name: 'job',
    reconciles: jobs,
    reads: ['pods'],
    writes: { pods: ['create', 'delete', 'patch'], [`${jobs}/status`]: ['update'] },
    enqueue: { pods: (pod, context) => [...byOwner(pod, context), ...leftBehind(pod)] },

    async reconcile(key, context): Promise<Result> {
      const id = `${key.namespace}/${key.name}`;
      const job = context.cache<Job>(jobs).get(key.namespace, key.name);
      if (job === undefined) {
        backOffs.delete(id);
        return releaseLeftBehind(context, key);
      }
      const { managedBy = 'kubernetes.io/job-controller' } = job.spec!;
      if (managedBy !== 'kubernetes.io/job-controller') return undefined;
      const pods = await claim<Pod>(context, job, 'pods', job.spec!.selector, trackingFinalizer);
      if (isEnded(job)) {
        backOffs.delete(id);
        await release(context, pods.filter(isTracked));
        return undefined;
      }
      return proceed(context, job, pods, backOffs);
    },
  };
}

async function proceed(
  context: ControllerContext,
  job: Job,
  pods: Pod[],
  backOffs: Map<string, BackOff>,
): Promise<Result> {
  const nowMs = context.clock.now();
  const active = pods.filter(isActive);
  const counts = tally(job, pods);
  const verdict = isDeleting(job) ? undefined : judge(job, active, counts, nowMs);
  const waitMs = backOff(job, counts, backOffs, nowMs);
  const status = statusOf(job, pods, counts, verdict, nowMs);
  // Counted first, released afterwards: see tally.
  const written = await writeStatus(context, jobs, job, status);
  tellChanges(context, job, written);
  await release(context, counts.release);
  if (isEnded(written) || isDeleting(job)) return undefined;

  if (verdict) await stop(context, job, active);
  else if (job.spec!.suspend) await dismiss(context, job, active);
  else if (waitMs <= 0 || active.length >= wantedActive(job, active.length, counts))
    await adjust(context, job, pods, active, counts);
  const deadlineMs = deadlineOf(written);
  const waits = [
    ...(waitMs > 0 && !verdict && !job.spec!.suspend ? [waitMs] : []),
    ...(deadlineMs !== undefined && !verdict ? [Math.max(1, deadlineMs - nowMs)] : []),
  ];
  return waits.length > 0 ? { requeueAfterMs: Math.min(...waits) } : undefined;
}

/** How long to wait before a failed pod is replaced: 10 s, doubled with each failure in a row, 10 minutes at most. */
function backOff({ metadata }: Job, counts: Tally, backOffs: Map<string, BackOff>, nowMs: number): number {
  const id = `${metadata.namespace}/${metadata.name}`;
  if (counts.newSuccesses > 0) backOffs.delete(id);
  if (counts.newFailures > 0)
    backOffs.set(id, { failures: (backOffs.get(id)?.failures ?? 0) + counts.newFailures, lastMs: nowMs });
  const state = backOffs.get(id);
  if (state === undefined) return 0;
  const delayMs = Math.min(backOffMaximumMs, backOffInitialMs * 2 ** Math.min(state.failures - 1, 16));
  return state.lastMs + delayMs - nowMs;
}

function statusOf(job: Job, pods: Pod[], counts: Tally, verdict: Verdict | undefined, nowMs: number): JobStatus {
  const active = pods.filter(isActive);
  const terminating = pods.filter(
    (pod) => isDeleting(pod) && pod.status?.phase !== 'Failed' && pod.status?.phase !== 'Succeeded',
  );
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

function tellChanges({ event }: ControllerContext, before: Job, after: Job): void {
  for (const { type, status, reason = '', message = '' } of after.status?.conditions ?? []) {
    if (conditionOf(before.status?.conditions, type)?.status === status) continue;
    if (type === 'Complete') event(after, 'Normal', 'Completed', 'Job completed');
    else if (type === 'Failed') event(after, 'Warning', reason, message);
    else if (type === 'Suspended') event(after, 'Normal', status === 'True' ? 'Suspended' : 'Resumed', message);
  }
}

async function adjust(context: ControllerContext, job: Job, pods: Pod[], active: Pod[], counts: Tally): Promise<void> {
  const wanted = wantedActive(job, active.length, counts);
  if (active.length > wanted) return dismiss(context, job, surplus(job, active, active.length - wanted));
  const leaving = pods.filter((pod) => waitsForEnd(job, pod)).length;
  const missing = Math.min(wanted - active.length - leaving, burstMax);
  if (missing <= 0) return;
  const indexes = isIndexed(job) ? indexesToStart(job, pods, counts, missing) : undefined;
  const { error } = await inBatches(indexes?.length ?? missing, async (at) => {
    const index = indexes?.[at];
    const pod = await context.client.create<Pod>('pods', jobPod(job, index, failuresBefore(job, pods, index)));
    context.event(job, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
  });
  if (error === undefined) return;
  context.event(job, 'Warning', 'FailedCreate', `Error creating: ${(error as Error).message}`);
  throw error;
}

function failuresBefore(job: Job, pods: Pod[], index: number | undefined): number {
  if (index === undefined) return 0;
  const failed = pods.filter((pod) => pod.status?.phase === 'Failed' && indexOf(pod, job) === index);
  const after = (pod: Pod) => failuresOf(pod) + (failureAction(job, pod).action === 'Ignore' ? 0 : 1);
  return Math.max(0, ...failed.map(after));
}

async function stop(context: ControllerContext, job: Job, pods: Pod[]): Promise<void> {
  for (const pod of pods) {
    await deleteObject(context, 'pods', pod);
    context.event(job, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
  }
}

/** Pods that are not wanted any more have not failed: nobody is to count them. One that has changed is looked at again. */
async function dismiss(context: ControllerContext, job: Job, pods: Pod[]): Promise<void> {
  for (const pod of pods) {
    if (isTracked(pod)) await letGo(context, pod);
    await stop(context, job, [pod]);
  }
}

async function release(context: ControllerContext, pods: Pod[]): Promise<void> {
  for (const pod of pods) await letGo(context, pod).catch(ignoreGone);
}

/** A finalizer is in the way of a pod's end: taking it away says that the pod is counted, or need not be. */
async function letGo({ client }: ControllerContext, { metadata }: Pod): Promise<void> {
  const { namespace, name, uid, resourceVersion } = metadata;
  const finalizers = metadata.finalizers!.filter((finalizer) => finalizer !== trackingFinalizer);
  const body = { metadata: { uid, resourceVersion, finalizers } };
  await client.patch('pods', { namespace, name }, { type: 'merge', body });
}

/** For `enqueue`: pods that were orphaned still carry the finalizer of a job that is no more. */
function leftBehind({ metadata }: Pick<KubernetesObject, 'metadata'>): Key[] {
  const job = metadata.labels?.['batch.kubernetes.io/job-name'];
  const orphaned = isTracked({ metadata }) && controllerOf({ metadata }) === undefined;
  return orphaned && job ? [{ namespace: metadata.namespace ?? '', name: job }] : [];
}

async function releaseLeftBehind(context: ControllerContext, { namespace, name }: Key): Promise<Result> {
  const pods = context.cache<Pod>('pods').list(namespace);
  const left = pods.filter(
    (pod) => isTracked(pod) && (controllerOf(pod)?.name === name || leftBehind(pod)[0]?.name === name),
  );
  await release(context, left);
  return undefined;
}
