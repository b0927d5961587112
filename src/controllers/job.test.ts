import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Job, Pod } from '../api/schema/types.d.ts';
import { jobController } from './job.ts';
import { surplus } from './job-pods.ts';
import { failureAction, indexAnnotation, successRule } from './job-policy.ts';
import { attempts } from './job-retry.ts';
import { tally } from './job-tally.ts';
import { judge } from './job-verdict.ts';
import { startCluster } from './testing/cluster.ts';

const place = { namespace: 'default', name: 'work' };
const job = (extra: object = {}) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: place,
  spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } }, ...extra },
});

/** Runs a job whose pods end as `end` says, and waits for its end. */
async function run(t: TestContext, object: object, end: (pod: Pod) => 'Succeeded' | 'Failed' | undefined) {
  const cluster = await startCluster(t, [jobController()]);
  const { client, caches } = cluster;
  let made = 0;
  caches('pods').subscribe((type, pod) => {
    if (type === 'ADDED') made++;
    const phase = end(pod as Pod);
    if (type === 'DELETED' || pod['status']?.phase !== 'Pending' || phase === undefined) return;
    const exitCode = phase === 'Failed' ? 42 : 0;
    const containerStatuses = [{ name: 'c', state: { terminated: { exitCode } } }];
    const status = { ...pod['status'], phase, containerStatuses };
    client.update('pods', { ...pod, status }, { subresource: 'status' }).catch(() => undefined);
  });
  await client.create('jobs.batch', object);
  const now = () => caches('jobs.batch').get('default', 'work') as Job | undefined;
  const is = (type: string) => now()?.status?.conditions?.some((one) => one.type === type && one.status === 'True');
  const ended = () => cluster.eventually('jobs.batch', () => is('Complete') || is('Failed'));
  return { ...cluster, now, is, ended, made: () => made };
}

test('a job completes when enough pods have succeeded, each counted once and free of its finalizer', async (t) => {
  const { ended, now, is, made, caches, eventually } = await run(
    t,
    job({ completions: 5, parallelism: 2 }),
    () => 'Succeeded',
  );
  await ended();
  assert.ok(is('Complete') && is('SuccessCriteriaMet'));
  const { succeeded, active, uncountedTerminatedPods, completionTime } = now()!.status!;
  assert.deepEqual([succeeded, active, uncountedTerminatedPods], [5, undefined, {}]);
  assert.ok(completionTime);
  assert.equal(made(), 5);
  await eventually('pods', () =>
    caches('pods')
      .list()
      .every(({ metadata }) => !metadata.finalizers?.length),
  );
});

test('a job fails beyond its back-off limit', async (t) => {
  const { ended, now, is } = await run(t, job({ backoffLimit: 0 }), () => 'Failed');
  await ended();
  assert.ok(is('Failed'));
  assert.deepEqual([now()!.status!.failed, now()!.status!.succeeded], [1, undefined]);
  assert.equal(now()!.status!.conditions!.find(({ type }) => type === 'Failed')!.reason, 'BackoffLimitExceeded');
});

test('an indexed job gives each index a pod that knows it', async (t) => {
  const spec = { completions: 3, parallelism: 3, completionMode: 'Indexed' };
  const { ended, now, caches } = await run(t, job(spec), () => 'Succeeded');
  await ended();
  assert.equal(now()!.status!.completedIndexes, '0-2');
  const pods = caches('pods').list() as Pod[];
  assert.deepEqual(pods.map((pod) => pod.spec!.hostname).sort(), ['work-0', 'work-1', 'work-2']);
  assert.ok(pods.every((pod) => pod.spec!.containers[0]!.env!.some(({ name }) => name === 'JOB_COMPLETION_INDEX')));
});

test('an index that fails too often leaves the others their chance', async (t) => {
  const spec = { completions: 2, parallelism: 2, completionMode: 'Indexed', backoffLimitPerIndex: 0 };
  const { ended, now, is } = await run(t, job(spec), (pod) =>
    pod.spec!.hostname === 'work-0' ? 'Failed' : 'Succeeded',
  );
  await ended();
  assert.ok(is('Failed'));
  assert.deepEqual([now()!.status!.completedIndexes, now()!.status!.failedIndexes], ['1', '0']);
});

test('a suspended job has no pods until it is resumed', async (t) => {
  const { client, now, is, ended, caches, eventually } = await run(t, job({ suspend: true }), () => 'Succeeded');
  await eventually('jobs.batch', () => is('Suspended'));
  assert.deepEqual([caches('pods').list().length, now()!.status!.startTime], [0, undefined]);
  await client.patch('jobs.batch', place, { type: 'merge', body: { spec: { suspend: false } } });
  await ended();
  assert.ok(is('Complete'));
});

test('pods that are taken away because fewer are wanted, or none for now, do not count as failed', async (t) => {
  const cluster = await run(t, job({ parallelism: 4, completions: 9, backoffLimit: 1 }), () => undefined);
  const { client, now, is, eventually, caches } = cluster;
  cluster.playNode('n1');
  const running = (count: number) => () => now()?.status?.ready === count && caches('pods').list().length === count;
  await eventually('jobs.batch', running(4));
  await client.patch('jobs.batch', place, { type: 'merge', body: { spec: { parallelism: 1 } } });
  await eventually('jobs.batch', running(1));
  await client.patch('jobs.batch', place, { type: 'merge', body: { spec: { suspend: true } } });
  await eventually('jobs.batch', () => is('Suspended') && now()!.status!.active === undefined);
  await client.patch('jobs.batch', place, { type: 'merge', body: { spec: { suspend: false } } });
  await eventually('jobs.batch', running(1));
  assert.deepEqual([now()!.status!.failed, is('Failed')], [undefined, false]);
});

test('the index of a pod knows how often it failed, but for what the policy ignores', async (t) => {
  const rules = [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [42] } }];
  const spec = {
    ...{ completions: 1, parallelism: 1, completionMode: 'Indexed', backoffLimitPerIndex: 5 },
    podFailurePolicy: { rules },
  };
  const { caches, eventually } = await run(t, job(spec), (pod) =>
    pod.metadata.name === first() ? 'Failed' : undefined,
  );
  function first() {
    return caches('pods').list()[0]?.metadata.name;
  }
  await eventually('pods', () => caches('pods').list().length === 2);
  const counts = caches('pods')
    .list()
    .map(({ metadata }) => metadata.annotations?.['batch.kubernetes.io/job-index-failure-count']);
  assert.deepEqual(counts, ['0', '0']);
});

test('of pods too many those go first that are not ready, and of indexed ones those with the highest index', () => {
  const pod = (name: string, ready: boolean): Pod =>
    ({
      metadata: { name, annotations: { [indexAnnotation]: name } },
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
    }) as unknown as Pod;
  const pods = [pod('0', false), pod('1', true)];
  const first = (extra: object) => surplus(job(extra) as unknown as Job, pods, 1)[0]!.metadata.name;
  assert.deepEqual([first({}), first({ completionMode: 'Indexed', completions: 2 })], ['0', '1']);
  assert.deepEqual([surplus(job() as unknown as Job, pods.toReversed(), 1)[0]!.metadata.name], ['0']);
});

test('restarts of all containers of running pods count against the limit', () => {
  const spec = { backoffLimit: 3, template: { spec: { restartPolicy: 'OnFailure', containers: [] } } };
  const object = { ...job(), spec } as unknown as Job;
  const pod = (main: number, first: number): Pod =>
    ({
      metadata: { name: 'p', namespace: 'default', uid: 'p' },
      status: {
        phase: 'Running',
        containerStatuses: [{ restartCount: main }, { restartCount: 1 }],
        initContainerStatuses: [{ restartCount: first }],
      },
    }) as unknown as Pod;
  const verdict = (one: Pod) => judge(object, [one], tally(object, [one]), 0)?.reason;
  assert.equal(verdict(pod(1, 0)), undefined);
  assert.equal(verdict(pod(1, 1)), 'BackoffLimitExceeded');
});

test('pods of a job that is gone are let go', async (t) => {
  const { client, caches, eventually } = await run(t, job({ parallelism: 2 }), () => undefined);
  await eventually('pods', () => caches('pods').list().length === 1);
  await client.delete('jobs.batch', place, { propagationPolicy: 'Background' });
  await eventually('pods', () =>
    caches('pods')
      .list()
      .every(({ metadata }) => !metadata.finalizers?.length),
  );
});

const failed = (exitCode: number, conditions: object[] = []): Pod =>
  ({
    metadata: { name: 'p', namespace: 'default', uid: 'p', finalizers: ['batch.kubernetes.io/job-tracking'] },
    status: { phase: 'Failed', conditions, containerStatuses: [{ name: 'c', state: { terminated: { exitCode } } }] },
  }) as unknown as Pod;

test('a pod that is adopted is counted, and one that is released is let go', async (t) => {
  const { client, caches, eventually } = await run(t, job({ completions: 2, parallelism: 1 }), () => undefined);
  const pods = () => caches('pods').list() as Pod[];
  await eventually('pods', () => pods().length === 1);
  const [first] = pods();
  const at = { namespace: 'default', name: first!.metadata.name };
  const labels = Object.fromEntries(Object.keys(first!.metadata.labels!).map((key) => [key, null]));
  await client.patch('pods', at, { type: 'merge', body: { metadata: { labels } } });
  const now = () => caches('pods').get('default', at.name)!.metadata;
  await eventually('pods', () => now().ownerReferences === undefined && now().finalizers === undefined);
  await client.patch('pods', at, { type: 'merge', body: { metadata: { labels: first!.metadata.labels } } });
  await eventually('pods', () => now().ownerReferences?.length === 1 && now().finalizers?.length === 1);
});

const ofIndex = (
  index: number,
  { failures = 0, name = `p${index}-${failures}`, ...status }: Record<string, any> = {},
) =>
  ({
    metadata: {
      ...{ name, namespace: 'default', uid: name, finalizers: ['batch.kubernetes.io/job-tracking'] },
      ...{ creationTimestamp: '2026-01-01T00:00:00Z' },
      annotations: { [indexAnnotation]: `${index}`, 'batch.kubernetes.io/job-index-failure-count': `${failures}` },
    },
    status: { phase: 'Failed', ...status },
  }) as unknown as Pod;
const perIndex = (status: object = {}): Job =>
  ({
    ...{ ...job({ completions: 3, parallelism: 3, completionMode: 'Indexed', backoffLimitPerIndex: 2 }), status },
  }) as unknown as Job;
const names = (pods: Pod[]) => pods.map(({ metadata }) => metadata.name);

test('a failed pod of an index stays until another one has taken over how often it failed', () => {
  const pods = [ofIndex(0), ofIndex(0, { failures: 1 }), ofIndex(1), ofIndex(1, { failures: 1, phase: 'Running' })];
  const seen = tally(perIndex(), pods);
  assert.deepEqual(names(seen.release), ['p0-0', 'p1-0']);
  assert.deepEqual([seen.failed, seen.status.uncountedTerminatedPods!.failed!.length], [3, 2]);
  assert.deepEqual(names(tally(perIndex(), [ofIndex(0, { failures: 2 })]).release), ['p0-2'], 'the index has failed');
  const ending = { conditions: [{ type: 'FailureTarget', status: 'True' }] };
  assert.deepEqual(names(tally(perIndex(ending), [ofIndex(0)]).release), ['p0-0']);
});

test('of an indexed job only pods of its indexes count', () => {
  const seen = tally(perIndex(), [ofIndex(3), ofIndex(0, { failures: 2 })]);
  assert.deepEqual([seen.failed, names(seen.release)], [1, ['p3-0', 'p0-2']]);
});

test('an index that failed waits for itself alone: ten seconds, doubled with each failure, ten minutes at most', () => {
  const at = (...pods: Pod[]) => attempts(perIndex(), pods)(0);
  const terminated = { exitCode: 1, finishedAt: '1970-01-01T00:01:00Z' };
  const ended = (failures: number) => ofIndex(0, { failures, containerStatuses: [{ state: { terminated } }] });
  assert.deepEqual(at(), { index: 0, failures: 0, atMs: 0 });
  assert.deepEqual(at(ended(0)), { index: 0, failures: 1, atMs: 70_000 });
  assert.deepEqual(at(ended(0), ended(1)), { index: 0, failures: 2, atMs: 80_000 });
  assert.deepEqual(at(ended(6)).atMs, 60_000 + 600_000);
  const going = ofIndex(0, { phase: 'Running' });
  going.metadata.deletionTimestamp = '1970-01-01T00:02:00Z';
  assert.deepEqual(at(going), { index: 0, failures: 1, atMs: 130_000 }, 'one that is taken away has failed, too');
  assert.deepEqual(attempts(perIndex(), [ended(0)])(1), { index: 1, failures: 0, atMs: 0 });
});

test('indexes that have not run yet do not wait for those that failed', async (t) => {
  const spec = { completions: 9, parallelism: 1, completionMode: 'Indexed', backoffLimitPerIndex: 1 };
  const { now, eventually } = await run(t, job(spec), (pod) =>
    pod.spec!.hostname === 'work-0' ? 'Failed' : 'Succeeded',
  );
  await eventually('jobs.batch', () => now()?.status?.completedIndexes === '1-8');
});

test('the failure policy: the first rule that matches decides', () => {
  const rules = [
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    { action: 'FailJob', onExitCodes: { containerName: 'c', operator: 'In', values: [42] } },
  ];
  const object = job({ podFailurePolicy: { rules } }) as unknown as Job;
  assert.equal(failureAction(object, failed(1)).action, 'Count');
  assert.match(failureAction(object, failed(42)).message, /Container c for pod default\/p failed with exit code 42/);
  const disrupted = failed(42, [{ type: 'DisruptionTarget', status: 'True' }]);
  assert.equal(failureAction(object, disrupted).action, 'Ignore');
  assert.deepEqual([tally(object, [disrupted]).failed, tally(object, [failed(1)]).failed], [0, 1]);
});

test('the success policy ends a job early', () => {
  const object = (rules: object[]) => job({ completions: 5, successPolicy: { rules } }) as unknown as Job;
  assert.equal(successRule(object([{ succeededIndexes: '0,2' }]), new Set([0])), undefined);
  assert.match(successRule(object([{ succeededCount: 9 }, { succeededIndexes: '0,2' }]), new Set([0, 2]))!, /index 1/);
  assert.ok(successRule(object([{ succeededIndexes: '0-3', succeededCount: 2 }]), new Set([1, 3])));
});

test('a pod is counted once, whatever is seen of it', () => {
  const object = { ...job(), status: { failed: 2, uncountedTerminatedPods: { failed: ['p'] } } } as unknown as Job;
  const seen = tally(object, [failed(1)]);
  assert.deepEqual([seen.failed, seen.newFailures, seen.release.length], [3, 0, 1]);
  const gone = tally(object, []);
  assert.deepEqual([gone.status.failed, gone.uncounted], [3, 0]);
});
