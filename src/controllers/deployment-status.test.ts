import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment, ReplicaSet } from '../api/schema/types.d.ts';
import { deploymentStatus, progressDeadlineMs } from './deployment-status.ts';

const deadlineSeconds = 60;
const deployment = (status: object): Deployment =>
  ({
    metadata: { name: 'web' },
    spec: { replicas: 4, progressDeadlineSeconds: deadlineSeconds },
    status,
  }) as Deployment;
const set = (name: string, replicas: number): ReplicaSet =>
  ({
    metadata: { name },
    spec: { replicas },
    status: { replicas, readyReplicas: replicas, availableReplicas: replicas },
  }) as ReplicaSet;

/** A rollout that has one more new pod at each of these seconds; where its condition and its deadline are then. */
function rollOut(first: object, seconds: number[]) {
  let now = deployment({ replicas: 4, updatedReplicas: 0, ...first });
  return seconds.map((second, at) => {
    const status = deploymentStatus(now, set('new', at + 1), [set('old', 3 - at)], undefined, undefined, second * 1000);
    now = deployment(status);
    const { reason } = status.conditions!.find(({ type }) => type === 'Progressing') ?? {};
    return [reason, (progressDeadlineMs(now) ?? 0) / 1000];
  });
}

test('the deadline of a rollout counts from its last progress', () => {
  const created = { type: 'Progressing', status: 'True', reason: 'NewReplicaSetCreated', lastUpdateTime: '1970-01-01' };
  assert.deepEqual(rollOut({ conditions: [created] }, [50, 100, 150]), [
    ['ReplicaSetUpdated', 110],
    ['ReplicaSetUpdated', 160],
    ['ReplicaSetUpdated', 210],
  ]);
});

test('that an earlier rollout was complete says nothing of this one', () => {
  const complete = { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' };
  assert.deepEqual(rollOut({ conditions: [complete] }, [50]), [['ReplicaSetUpdated', 110]]);
});

test('a rollout that is resumed and does not move on is stuck after the deadline, counted from when it was resumed', () => {
  const resumed = { type: 'Progressing', status: 'Unknown', reason: 'DeploymentResumed' };
  const counts = { replicas: 4, updatedReplicas: 1, readyReplicas: 4, availableReplicas: 4 };
  const now = deployment({ ...counts, conditions: [{ ...resumed, lastUpdateTime: '1970-01-01T00:00:10Z' }] });
  assert.equal(progressDeadlineMs(now), 70_000);
  const reason = (nowMs: number) =>
    deploymentStatus(now, set('new', 1), [set('old', 3)], undefined, undefined, nowMs).conditions!.find(
      ({ type }) => type === 'Progressing',
    )!.reason;
  assert.deepEqual([reason(69_000), reason(70_000)], ['DeploymentResumed', 'ProgressDeadlineExceeded']);
});

test('without a deadline nothing is said of progress, whatever was said before', () => {
  const late = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' };
  const now = deployment({ replicas: 4, conditions: [late] });
  now.spec!.progressDeadlineSeconds = 2 ** 31 - 1;
  const { conditions } = deploymentStatus(now, set('new', 1), [set('old', 3)], undefined, undefined, 0);
  assert.deepEqual(
    conditions!.map(({ type }) => type),
    ['Available'],
  );
});
