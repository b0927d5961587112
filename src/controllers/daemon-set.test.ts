import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ControllerRevision, DaemonSet, Node, Pod } from '../api/schema/types.d.ts';
import { canonicalJson } from '../foundation/json.ts';
import { daemonSetController } from './daemon-set.ts';
import { belongsOn, planDaemonSet } from './daemon-set-plan.ts';
import { revisionHashLabel, revisionResource } from './revisions.ts';
import { startCluster } from './testing/cluster.ts';

const set = (extra: object = {}, podSpec: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { namespace: 'default', name: 'agent' },
  spec: {
    selector: { matchLabels: { app: 'agent' } },
    template: {
      metadata: { labels: { app: 'agent' } },
      spec: { containers: [{ name: 'c', image: 'i:1' }], ...podSpec },
    },
    ...extra,
  },
});
const node = (name: string, spec: object = {}, labels: Record<string, string> = {}) =>
  ({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec }) as Node;
const pod = (name: string, nodeName: string, { hash = 'new', ready = true } = {}): Pod =>
  ({
    metadata: { name, labels: { [revisionHashLabel]: hash } },
    spec: { nodeName },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  }) as unknown as Pod;
const plan = (wanted: object, nodes: Node[], pods: Pod[]) => {
  const { create, remove } = planDaemonSet(wanted as DaemonSet, nodes, pods, 'new', 0);
  return [create, remove.map(({ metadata }) => metadata.name).sort()];
};

test('each node that fits gets one pod, a new node too, and an update replaces them', async (t) => {
  const { client, caches, eventually, playNode } = await startCluster(t, [daemonSetController()]);
  for (const name of ['node-1', 'node-2']) await client.create('nodes', node(name));
  playNode('node-1');
  await client.create('daemonsets.apps', set());
  const now = () => caches('daemonsets.apps').get('default', 'agent') as DaemonSet | undefined;
  await eventually('daemonsets.apps', () => now()?.status?.desiredNumberScheduled === 2);
  await client.create('nodes', node('node-3'));
  const ready = (image: string) => {
    const pods = (caches('pods').list() as Pod[]).filter((one) => one.spec!.containers[0]!.image === image);
    return pods.map(({ spec }) => spec!.nodeName).sort();
  };
  await eventually('daemonsets.apps', () => now()?.status?.numberReady === 3);
  assert.deepEqual(ready('i:1'), ['node-1', 'node-2', 'node-3']);
  const body = set({}, { containers: [{ name: 'c', image: 'i:2' }] });
  await client.patch('daemonsets.apps', { namespace: 'default', name: 'agent' }, { type: 'strategic', body });
  await eventually('pods', () => ready('i:2').join() === 'node-1,node-2,node-3' && ready('i:1').length === 0);
  // As Go writes what it compares a revision's bytes with.
  const revisions = caches(revisionResource).list() as ControllerRevision[];
  assert.equal(revisions.length, 2);
  for (const { data } of revisions) assert.equal(JSON.stringify(data), canonicalJson(data));
});

test('selectors, affinity and taints decide where a pod belongs', () => {
  const { template } = set({}, { nodeSelector: { disk: 'ssd' } }).spec as unknown as DaemonSet['spec'] & object;
  assert.deepEqual(belongsOn(template, node('a')), { run: false, keep: false });
  assert.deepEqual(belongsOn(template, node('a', {}, { disk: 'ssd' })), { run: true, keep: true });
  const { template: plain } = set().spec as unknown as DaemonSet['spec'] & object;
  const tainted = (key: string, effect: string) => belongsOn(plain, node('a', { taints: [{ key, effect }] }));
  assert.deepEqual(tainted('special', 'NoSchedule'), { run: false, keep: true });
  assert.deepEqual(tainted('special', 'NoExecute'), { run: false, keep: false });
  assert.deepEqual(tainted('node.kubernetes.io/unschedulable', 'NoSchedule'), { run: true, keep: true });
  assert.deepEqual(tainted('node.kubernetes.io/unreachable', 'NoExecute'), { run: true, keep: true });
});

test('missing pods are made; doubles and pods of nodes that are gone are removed', () => {
  const nodes = [node('a'), node('b')];
  assert.deepEqual(plan(set(), nodes, [pod('one', 'a'), pod('two', 'a'), pod('lost', 'gone')]), [
    ['b'],
    ['lost', 'two'],
  ]);
});

test('a pod that has ended and is going does not keep its node without one', () => {
  const going = (phase: string) => {
    const one = pod('going', 'a');
    const metadata = { ...one.metadata, deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['example.com/hold'] };
    return { ...one, metadata, status: { ...one.status, phase } };
  };
  assert.deepEqual(plan(set(), [node('a')], [going('Running')]), [[], []]);
  assert.deepEqual(plan(set(), [node('a')], [going('Failed')]), [['a'], []]);
});

test('an update takes as many pods as may be unavailable, broken ones first', () => {
  const nodes = ['a', 'b', 'c'].map((name) => node(name));
  const old = (name: string, ready = true) => pod(name, name, { hash: 'old', ready });
  assert.deepEqual(plan(set(), nodes, [old('a'), old('b'), old('c')]), [[], ['a']]);
  assert.deepEqual(plan(set(), nodes, [old('a'), old('b', false), old('c')]), [[], ['b']]);
  const two = set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 2 } } });
  assert.deepEqual(plan(two, nodes, [old('a'), old('b'), old('c')]), [[], ['a', 'b']]);
  assert.deepEqual(plan(set({ updateStrategy: { type: 'OnDelete' } }), nodes, [old('a'), old('b'), old('c')]), [
    [],
    [],
  ]);
});

test('with a surge the new pod comes first', () => {
  const nodes = [node('a'), node('b')];
  const surge = set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } });
  const old = (name: string) => pod(`${name}-old`, name, { hash: 'old' });
  assert.deepEqual(plan(surge, nodes, [old('a'), old('b')]), [['a'], []]);
  assert.deepEqual(plan(surge, nodes, [old('a'), pod('a-new', 'a', { ready: false }), old('b')]), [[], []]);
  assert.deepEqual(plan(surge, nodes, [old('a'), pod('a-new', 'a'), old('b')]), [[], ['a-old']]);
  const fresh = pod('b-new', 'b', { ready: false });
  assert.deepEqual(plan(surge, nodes, [old('a'), old('b'), fresh]), [[], []], 'whichever node was first');
  const cordoned = node('a', { taints: [{ key: 'special', effect: 'NoSchedule' }] });
  assert.deepEqual(plan(surge, [cordoned, node('b')], [old('a'), old('b')]), [['b'], []], 'only where one would run');
});
