import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CronJob, Job } from '../api/schema/types.d.ts';
import { cronJobController, expiredJobs } from './cron-job.ts';
import { startCluster } from './testing/cluster.ts';

const cron = (extra: object = {}) => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { namespace: 'default', name: 'tick' },
  spec: {
    schedule: '@every 1s',
    jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } } },
    ...extra,
  },
});

test('a job is started when the schedule says so; with Forbid not beside one that runs', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [cronJobController()]);
  await client.create('cronjobs.batch', cron({ concurrencyPolicy: 'Forbid' }));
  const now = () => caches('cronjobs.batch').get('default', 'tick') as CronJob | undefined;
  await eventually('cronjobs.batch', () => now()?.status?.active?.length === 1);
  const [job] = caches('jobs.batch').list() as Job[];
  assert.match(job!.metadata.name, /^tick-\d+$/);
  assert.ok(job!.metadata.annotations!['batch.kubernetes.io/cronjob-scheduled-timestamp']);
  await eventually('events', () =>
    caches('events')
      .list()
      .some((event) => event['reason'] === 'JobAlreadyActive'),
  );
  assert.equal(caches('jobs.batch').list().length, 1);
});

test('a suspended schedule starts nothing', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [cronJobController()]);
  await client.create('cronjobs.batch', cron({ suspend: true }));
  await eventually('cronjobs.batch', () => caches('cronjobs.batch').list().length === 1);
  assert.equal(caches('jobs.batch').list().length, 0);
});

test('of the ended jobs the newest are kept', () => {
  const job = (name: string, type: string): Job =>
    ({ metadata: { name }, status: { startTime: name, conditions: [{ type, status: 'True' }] } }) as Job;
  const owned = [job('3', 'Complete'), job('1', 'Complete'), job('2', 'Complete'), job('4', 'Failed')];
  const limits = { successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0 };
  const names = expiredJobs(cron(limits) as unknown as CronJob, owned).map(({ metadata }) => metadata.name);
  assert.deepEqual(names, ['1', '2', '4']);
});
