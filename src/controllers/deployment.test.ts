import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment, Pod, ReplicaSet } from '../api/schema/types.d.ts';
import { deploymentController } from './deployment.ts';
import { revisionAnnotation, revisionOf } from './deployment-revisions.ts';
import { replicaSetController } from './replica-set.ts';
import { startCluster, type TestCluster } from './testing/cluster.ts';

const web = { namespace: 'default', name: 'web' };
const deployment = (replicas: number, extra: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { ...web, annotations: { 'kubernetes.io/change-cause': 'first' } },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } },
    ...extra,
  },
});

const controllers = () => [deploymentController(), replicaSetController()];
const image = (tag: string) => ({ spec: { template: { spec: { containers: [{ name: 'c', image: `i:${tag}` }] } } } });
const sets = ({ caches }: TestCluster) =>
  (caches('replicasets.apps').list('default') as ReplicaSet[]).sort((a, b) => Number(revisionOf(a) - revisionOf(b)));
const sizes = (cluster: TestCluster) => sets(cluster).map((set) => [revisionOf(set), set.spec!.replicas]);
const now = ({ caches }: TestCluster) => caches('deployments.apps').get('default', 'web') as Deployment | undefined;

async function complete(cluster: TestCluster, replicas: number) {
  const { metadata: asked } = await cluster.client.get('deployments.apps', web);
  return cluster.eventually('deployments.apps', () => {
    const { metadata, status } = now(cluster) ?? {};
    if (!status || status.observedGeneration !== metadata?.generation) return false;
    if (metadata!.generation! < asked.generation!) return false;
    const { updatedReplicas, availableReplicas, conditions } = status;
    const done = conditions?.find(({ type }) => type === 'Progressing')?.reason === 'NewReplicaSetAvailable';
    return done && status.replicas === replicas && updatedReplicas === replicas && availableReplicas === replicas;
  });
}

test('a change rolls through revisions, undo brings the old template back, and the history is kept', async (t) => {
  const cluster = await startCluster(t, controllers());
  cluster.playNode('node-1');
  await cluster.client.create('deployments.apps', deployment(3));
  await complete(cluster, 3);
  await cluster.client.patch('deployments.apps', web, { type: 'strategic', body: image('2') });
  await complete(cluster, 3);
  assert.deepEqual(sizes(cluster), [
    [1n, 0],
    [2n, 3],
  ]);
  const [first] = sets(cluster);
  assert.equal(first!.metadata.annotations!['kubernetes.io/change-cause'], 'first');
  // What `kubectl rollout undo` sends: the template of the old set, without its hash.
  const { template } = structuredClone(first!.spec!);
  delete template!.metadata!.labels!['pod-template-hash'];
  const undo = [{ op: 'replace', path: '/spec/template', value: template }];
  await cluster.client.patch('deployments.apps', web, { type: 'json', body: undo });
  await complete(cluster, 3);
  assert.deepEqual(sizes(cluster), [
    [2n, 0],
    [3n, 3],
  ]);
  await cluster.eventually('deployments.apps', () => now(cluster)?.metadata.annotations?.[revisionAnnotation] === '3');
});

test('a rollout whose pods never become ready keeps the old ones serving', async (t) => {
  const cluster = await startCluster(t, controllers());
  const isOld = (pod: Pod) => pod.spec!.containers[0]!.image === 'i:1';
  cluster.playNode('node-1', { ready: isOld });
  await cluster.client.create('deployments.apps', deployment(4));
  await complete(cluster, 4);
  await cluster.client.patch('deployments.apps', web, { type: 'strategic', body: image('2') });
  await cluster.eventually('replicasets.apps', () => {
    const [old, newest] = sets(cluster);
    return old?.spec?.replicas === 3 && newest?.spec?.replicas === 2 && newest.status?.replicas === 2;
  });
  const pods = cluster.caches('pods').list() as Pod[];
  assert.equal(pods.filter((pod) => isOld(pod) && !pod.metadata.deletionTimestamp).length, 3);
});

test('recreate stops every old pod before a new one starts', async (t) => {
  const cluster = await startCluster(t, controllers());
  cluster.playNode('node-1');
  let mixed = false;
  cluster.caches('pods').subscribe(() => {
    const images = new Set((cluster.caches('pods').list() as Pod[]).map((pod) => pod.spec!.containers[0]!.image));
    mixed ||= images.size > 1;
  });
  await cluster.client.create('deployments.apps', deployment(2, { strategy: { type: 'Recreate' } }));
  await complete(cluster, 2);
  await cluster.client.patch('deployments.apps', web, { type: 'strategic', body: image('2') });
  await complete(cluster, 2);
  assert.equal(mixed, false);
});

test('a paused deployment scales but does not roll; resumed, it rolls', async (t) => {
  const cluster = await startCluster(t, controllers());
  cluster.playNode('node-1');
  await cluster.client.create('deployments.apps', deployment(2));
  await complete(cluster, 2);
  const body = { spec: { paused: true, replicas: 4, ...image('2').spec } };
  await cluster.client.patch('deployments.apps', web, { type: 'strategic', body });
  await cluster.eventually('deployments.apps', () => now(cluster)?.status?.availableReplicas === 4);
  assert.deepEqual(sizes(cluster), [[1n, 4]]);
  await cluster.client.patch('deployments.apps', web, { type: 'merge', body: { spec: { paused: false } } });
  await complete(cluster, 4);
  assert.deepEqual(sizes(cluster), [
    [1n, 0],
    [2n, 4],
  ]);
});

test('revisions go on from that of an adopted set, however large', async (t) => {
  const cluster = await startCluster(t, controllers());
  cluster.playNode('node-1');
  const { selector, template } = deployment(1).spec;
  const annotations = { [revisionAnnotation]: '3546343826724305832' };
  const metadata = { name: 'adopted', namespace: 'default', labels: { app: 'web' }, annotations };
  const spec = {
    replicas: 1,
    selector,
    template: { ...template, spec: { containers: [{ name: 'c', image: 'i:0' }] } },
  };
  await cluster.client.create('replicasets.apps', { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata, spec });
  await cluster.client.create('deployments.apps', deployment(1));
  await complete(cluster, 1);
  assert.deepEqual(sizes(cluster), [
    [3546343826724305832n, 0],
    [3546343826724305833n, 1],
  ]);
});

test('old sets beyond the history limit are forgotten', async (t) => {
  const cluster = await startCluster(t, controllers());
  cluster.playNode('node-1');
  await cluster.client.create('deployments.apps', deployment(1, { revisionHistoryLimit: 1 }));
  await complete(cluster, 1);
  for (const tag of ['2', '3']) {
    await cluster.client.patch('deployments.apps', web, { type: 'strategic', body: image(tag) });
    await complete(cluster, 1);
  }
  await cluster.eventually('replicasets.apps', () => sets(cluster).length === 2);
  assert.deepEqual(sets(cluster).map(revisionOf), [2n, 3n]);
});

test('a set whose template somebody changed is not in the way of the right one', async (t) => {
  const cluster = await startCluster(t, controllers());
  cluster.playNode('node-1');
  await cluster.client.create('deployments.apps', deployment(1));
  await complete(cluster, 1);
  const { name } = sets(cluster)[0]!.metadata;
  await cluster.client.patch('replicasets.apps', { ...web, name }, { type: 'strategic', body: image('9') });
  await cluster.eventually('replicasets.apps', () => sets(cluster).length === 2);
  await complete(cluster, 1);
  const images = (cluster.caches('pods').list() as Pod[]).map((pod) => pod.spec!.containers[0]!.image);
  assert.deepEqual(images, ['i:1']);
});
