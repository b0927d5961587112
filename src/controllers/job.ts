import type { KubernetesObject } from '../api/object.ts';
import type { Job, Pod } from '../api/schema/types.d.ts';
import type { Controller, ControllerContext, Key, Result } from '../reconcile/controller.ts';
import { claim, controllerOf, deleteObject, ignoreGone, isDeleting, ownerOrSelectorKeys } from '../reconcile/owned.ts';
import { writeStatus } from '../reconcile/status.ts';
import { inBatches } from './batches.ts';
import { isTracked, jobPod, surplus, trackingFinalizer, waitsForEnd, wantedActive } from './job-pods.ts';
import { isIndexed } from './job-policy.ts';
import { type BackOffs, indexesToStart, waitAfterFailures } from './job-retry.ts';
import { statusOf, tellChanges } from './job-status.ts';
import { type Tally, tally } from './job-tally.ts';
import { deadlineOf, isEnded, judge } from './job-verdict.ts';
import { isActive } from './pods.ts';

const jobs = 'jobs.batch';
const burstMax = 500;

/** Runs pods until enough of them have succeeded, or too many have failed. */
export function jobController(): Controller {
  const backOffs: BackOffs = new Map();
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

async function proceed(context: ControllerContext, job: Job, pods: Pod[], backOffs: BackOffs): Promise<Result> {
  const nowMs = context.clock.now();
  const active = pods.filter(isActive);
  const counts = tally(job, pods);
  const verdict = isDeleting(job) ? undefined : judge(job, active, counts, nowMs);
  let waitMs = waitAfterFailures(job, counts, backOffs, nowMs);
  const status = statusOf(job, pods, counts, verdict, nowMs);
  // Counted first, released afterwards: see tally.
  const written = await writeStatus(context, jobs, job, status);
  tellChanges(context, job, written);
  await release(context, counts.release);
  if (isEnded(written) || isDeleting(job)) return undefined;

  if (verdict) await stop(context, job, active);
  else if (job.spec!.suspend) await dismiss(context, job, active);
  else if (waitMs <= 0 || active.length >= wantedActive(job, active.length, counts))
    waitMs = await adjust(context, job, pods, active, counts);
  const deadlineMs = deadlineOf(written);
  const waits = [
    ...(waitMs > 0 && !verdict && !job.spec!.suspend ? [waitMs] : []),
    ...(deadlineMs !== undefined && !verdict ? [Math.max(1, deadlineMs - nowMs)] : []),
  ];
  return waits.length > 0 ? { requeueAfterMs: Math.min(...waits) } : undefined;
}

/** Brings the number of running pods to what is wanted. Returns how long to wait for what may not be started yet. */
async function adjust(
  context: ControllerContext,
  job: Job,
  pods: Pod[],
  active: Pod[],
  counts: Tally,
): Promise<number> {
  const wanted = wantedActive(job, active.length, counts);
  if (active.length > wanted) {
    await dismiss(context, job, surplus(job, active, active.length - wanted));
    return 0;
  }
  const leaving = pods.filter((pod) => waitsForEnd(job, pod)).length;
  const missing = Math.min(wanted - active.length - leaving, burstMax);
  if (missing <= 0) return 0;
  if (!isIndexed(job)) {
    await start(context, job, missing, () => jobPod(job, undefined, 0));
    return 0;
  }
  const { due, waitMs } = indexesToStart(job, pods, counts, missing, context.clock.now());
  await start(context, job, due.length, (at) => jobPod(job, due[at]!.index, due[at]!.failures));
  return waitMs;
}

async function start(context: ControllerContext, job: Job, count: number, podAt: (at: number) => Partial<Pod>) {
  const { error } = await inBatches(count, async (at) => {
    const pod = await context.client.create<Pod>('pods', podAt(at));
    context.event(job, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
  });
  if (error === undefined) return;
  context.event(job, 'Warning', 'FailedCreate', `Error creating: ${(error as Error).message}`);
  throw error;
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
