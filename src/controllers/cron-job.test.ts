import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CronJob, Job } from '../api/schema/types.d.ts';
import { manualClock } from '../foundation/clock.ts';
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

test('with Forbid a job that is going still runs, until it is gone', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [cronJobController()]);
  await client.create('cronjobs.batch', cron({ concurrencyPolicy: 'Forbid' }));
  const jobs = () => caches('jobs.batch').list() as Job[];
  await eventually('jobs.batch', () => jobs().length === 1);
  const [first] = jobs();
  const at = { namespace: 'default', name: first!.metadata.name };
  await client.delete('jobs.batch', at, { propagationPolicy: 'Foreground' });
  await eventually('jobs.batch', () => jobs()[0]!.metadata.deletionTimestamp);
  const refused = () =>
    caches('events')
      .list()
      .filter((event) => event['reason'] === 'JobAlreadyActive');
  const before = refused()[0]?.['count'] ?? 0;
  await eventually('events', () => (refused()[0]?.['count'] ?? 0) > before);
  assert.equal(jobs().length, 1);
  await client.patch('jobs.batch', at, { type: 'merge', body: { metadata: { finalizers: null } } });
  await eventually('jobs.batch', () => jobs().length === 1 && jobs()[0]!.metadata.uid !== first!.metadata.uid);
});

test('a job of the same name that somebody else made is not taken for the own one', async (t) => {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const { client, caches, eventually } = await startCluster(t, [cronJobController()], [], clock);
  const schedule = '* * * * *';
  const { spec } = cron().spec.jobTemplate;
  const created = await client.create<CronJob>('cronjobs.batch', cron({ schedule, suspend: true }));
  const madeMs = Date.parse(created.metadata.creationTimestamp!);
  clock.advance(madeMs - clock.now() + 60_000);
  const name = `tick-${Math.floor(clock.now() / 60_000)}`;
  await client.create('jobs.batch', {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { namespace: 'default', name },
    spec,
  });
  const place = { namespace: 'default', name: 'tick' };
  await client.patch('cronjobs.batch', place, { type: 'merge', body: { spec: { suspend: false } } });
  await eventually('events', () =>
    caches('events')
      .list()
      .some((event) => event['reason'] === 'FailedCreate'),
  );
  assert.equal((caches('cronjobs.batch').get('default', 'tick') as CronJob).status?.lastScheduleTime, undefined);
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
