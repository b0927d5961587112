import type { Job } from '../api/schema/types.d.ts';
import type { Controller, Result } from '../reconcile/controller.ts';
import { deleteObject, isDeleting } from '../reconcile/owned.ts';
import { isEnded } from './job-verdict.ts';

/** Deletes ended jobs when their time to live is over. */
export const ttlAfterFinishedController = (): Controller => ({
  name: 'ttl-after-finished',
  reconciles: 'jobs.batch',
  reads: [],
  writes: { 'jobs.batch': ['delete'] },

  async reconcile({ namespace, name }, context): Promise<Result> {
    const job = context.cache<Job>('jobs.batch').get(namespace, name);
    if (job === undefined || isDeleting(job)) return undefined;
    const dueMs = expiryMs(job);
    if (dueMs === undefined) return undefined;
    const waitMs = dueMs - context.clock.now();
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    await deleteObject(context, 'jobs.batch', job, { propagationPolicy: 'Foreground' });
    return undefined;
  },
});

/** When an ended job is to go, in milliseconds since the epoch; undefined when it stays. */
export function expiryMs(job: Job): number | undefined {
  const { ttlSecondsAfterFinished } = job.spec ?? {};
  if (ttlSecondsAfterFinished === undefined || !isEnded(job)) return undefined;
  const ended = job.status!.conditions!.find(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
  const endedMs = Date.parse(ended?.lastTransitionTime ?? '');
  return Number.isNaN(endedMs) ? undefined : endedMs + ttlSecondsAfterFinished * 1000;
}
