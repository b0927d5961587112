import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job } from '../api/schema/types.d.ts';
import { startCluster } from './testing/cluster.ts';
import { expiryMs, ttlAfterFinishedController } from './ttl-after-finished.ts';

const job = (ttlSecondsAfterFinished?: number) => ({
  ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace: 'default', name: 'work' } },
  spec: {
    ttlSecondsAfterFinished,
    template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } },
  },
});
const ended = (lastTransitionTime: string) => ({
  conditions: [
    { type: 'SuccessCriteriaMet', status: 'True', lastTransitionTime },
    { type: 'Complete', status: 'True', lastTransitionTime },
  ],
  ...{ startTime: lastTransitionTime, completionTime: lastTransitionTime, succeeded: 1 },
});

test('an ended job lives on for its time', () => {
  const finished = { ...job(5), status: ended('1970-01-01T00:00:10Z') } as unknown as Job;
  assert.equal(expiryMs(finished), 15_000);
  assert.equal(expiryMs({ ...finished, status: {} }), undefined);
  assert.equal(expiryMs({ ...job(), status: finished.status } as unknown as Job), undefined);
});

test('when the time is over the job is deleted', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [ttlAfterFinishedController()]);
  const created = await client.create('jobs.batch', job(0));
  const status = ended('2026-01-01T00:00:00Z');
  await client.update('jobs.batch', { ...created, status }, { subresource: 'status' });
  await eventually('jobs.batch', () => caches('jobs.batch').list()[0]?.metadata.deletionTimestamp);
});
