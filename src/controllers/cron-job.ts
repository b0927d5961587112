import type { CronJob, CronJobStatus, Job } from '../api/schema/types.d.ts';
import { ApiError } from '../api/status.ts';
import { formatTime } from '../foundation/clock.ts';
import { isTrue } from '../reconcile/conditions.ts';
import type { Controller, ControllerContext, Result } from '../reconcile/controller.ts';
import { controllerOf, controllerReference, deleteObject, isDeleting, ownerKeys } from '../reconcile/owned.ts';
import { writeStatus } from '../reconcile/status.ts';
import { latestTime, nextTime, parseSchedule } from './cron-schedule.ts';
import { isEnded } from './job-verdict.ts';

const cronJobs = 'cronjobs.batch';
const jobs = 'jobs.batch';

/** Starts a job whenever its schedule says so; of several times that were missed, only the latest is made up for. */
export const cronJobController = (): Controller => ({
  name: 'cronjob',
  reconciles: cronJobs,
  reads: [jobs],
  writes: { [jobs]: ['create', 'delete'], [`${cronJobs}/status`]: ['update'] },
  enqueue: { [jobs]: ownerKeys('CronJob', 'batch') },

  async reconcile({ namespace, name }, context): Promise<Result> {
    const cron = context.cache<CronJob>(cronJobs).get(namespace, name);
    if (cron === undefined || isDeleting(cron)) return undefined;
    const owned = context.cache<Job>(jobs).ownedBy(cron.metadata.uid!);
    const { schedule, timeZone, suspend } = cron.spec!;
    const nowMs = context.clock.now();
    const started = suspend ? undefined : await startIfDue(context, cron, owned, nowMs);
    await writeStatus(context, cronJobs, cron, statusOf(cron, owned, started));
    for (const job of expiredJobs(cron, owned))
      await deleteObject(context, jobs, job, { propagationPolicy: 'Background' });
    if (suspend) return undefined;
    const nextMs = nextTime(parseSchedule(schedule), nowMs, timeZone);
    return nextMs === undefined ? undefined : { requeueAfterMs: nextMs - nowMs + 100 };
  },
});

type Started = { atMs: number; job: Job };

async function startIfDue(context: ControllerContext, cron: CronJob, owned: Job[], nowMs: number) {
  const { schedule, timeZone, startingDeadlineSeconds, concurrencyPolicy = 'Allow' } = cron.spec!;
  const lastMs = Date.parse(cron.status?.lastScheduleTime ?? cron.metadata.creationTimestamp!);
  const deadlineMs = startingDeadlineSeconds === undefined ? 0 : nowMs - startingDeadlineSeconds * 1000;
  const atMs = latestTime(parseSchedule(schedule), Math.max(lastMs, deadlineMs), nowMs, timeZone);
  if (atMs === undefined) return undefined;
  // Pods of one that is going may still run.
  const running = owned.filter((job) => !isEnded(job));
  if (running.length > 0 && concurrencyPolicy === 'Forbid') {
    context.event(cron, 'Normal', 'JobAlreadyActive', 'Not starting job because prior execution is running');
    return undefined;
  }
  if (concurrencyPolicy === 'Replace')
    for (const job of running) await deleteObject(context, jobs, job, { propagationPolicy: 'Background' });
  return start(context, cron, atMs);
}

/** The name holds the minute: the same time cannot start two jobs. */
async function start(context: ControllerContext, cron: CronJob, atMs: number): Promise<Started> {
  const { metadata, spec } = cron.spec!.jobTemplate;
  const name = `${cron.metadata.name}-${Math.floor(atMs / 60_000)}`;
  const annotations = { ...metadata?.annotations, 'batch.kubernetes.io/cronjob-scheduled-timestamp': formatTime(atMs) };
  const wanted = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: cron.metadata.namespace,
      labels: metadata?.labels,
      annotations,
      ownerReferences: [controllerReference(cron)],
    },
    spec,
  };
  try {
    const job = await context.client.create<Job>(jobs, wanted);
    context.event(cron, 'Normal', 'SuccessfulCreate', `Created job ${name}`);
    return { atMs, job };
  } catch (error) {
    const present = context.cache<Job>(jobs).get(cron.metadata.namespace!, name);
    const isOurs = present && controllerOf(present)?.uid === cron.metadata.uid;
    if (error instanceof ApiError && error.reason === 'AlreadyExists' && isOurs) return { atMs, job: present };
    context.event(cron, 'Warning', 'FailedCreate', `Error creating job: ${(error as Error).message}`);
    throw error;
  }
}

function statusOf({ status }: CronJob, owned: Job[], started: Started | undefined): CronJobStatus {
  const running = owned.filter((job) => !isEnded(job));
  if (started && !running.some(({ metadata }) => metadata.uid === started.job.metadata.uid)) running.push(started.job);
  const active = running
    .sort((a, b) => a.metadata.name.localeCompare(b.metadata.name))
    .map(({ apiVersion, kind, metadata: { name, namespace, uid } }) => ({ apiVersion, kind, name, namespace, uid }));
  const succeeded = owned.flatMap(({ status }) => status?.completionTime ?? []).sort();
  return {
    active: active.length > 0 ? active : undefined,
    lastScheduleTime: started ? formatTime(started.atMs) : status?.lastScheduleTime,
    lastSuccessfulTime: [status?.lastSuccessfulTime ?? '', ...succeeded].sort().at(-1) || undefined,
  };
}

export function expiredJobs({ spec }: CronJob, owned: Job[]): Job[] {
  const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = spec!;
  const oldest = (type: string, limit: number) => {
    const ended = owned
      .filter((job) => isTrue(job.status?.conditions, type) && !isDeleting(job))
      .sort((a, b) => (a.status?.startTime ?? '').localeCompare(b.status?.startTime ?? ''));
    return ended.slice(0, Math.max(0, ended.length - limit));
  };
  return [...oldest('Complete', successfulJobsHistoryLimit), ...oldest('Failed', failedJobsHistoryLimit)];
}
