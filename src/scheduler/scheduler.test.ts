import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { KubernetesObject } from '../api/object.ts';
import type { Pod } from '../api/schema/types.d.ts';
import { createCaches } from '../client/cache.ts';
import { inProcessClient } from '../client/in-process.ts';
import { eventuallyIn } from '../client/testing/eventually.ts';
import { systemClock } from '../foundation/clock.ts';
import { createLog } from '../foundation/log.ts';
import { startServer } from '../server/testing/start.ts';
import { detailMark } from './reasons.ts';
import { bindingsAtOnceMax, createScheduler } from './scheduler.ts';
import { buildNode, buildPod } from './testing/builders.ts';

/** The real server in memory and the scheduler, each with its own identity. */
async function start(t: TestContext) {
  const log = createLog('test', process.env['TEST_LOG'] ?? 'silent');
  const server = await startServer({ log });
  const client = inProcessClient(server, 'test-admin');
  const caches = createCaches(client, { clock: systemClock, log });
  const scheduler = createScheduler({
    client: inProcessClient(server, 'system:kube-scheduler'),
    caches,
    clock: systemClock,
    log,
  });
  t.after(async () => {
    scheduler.stop();
    caches.stop();
    await server.stop();
  });

  const eventually = <T>(find: () => T | undefined | false, resource = 'pods') => eventuallyIn(caches(resource), find);
  const podNamed = (name: string) => caches('pods').get('default', name) as Pod | undefined;
  return {
    client,
    caches,
    depth: scheduler.depth,
    eventually,
    podNamed,
    addNode: (node: object) => client.create('nodes', node as KubernetesObject),
    addPod: (name: string, options: Parameters<typeof buildPod>[1] = {}) => {
      const pod = buildPod(name, options);
      delete pod.metadata.uid;
      return client.create('pods', pod as KubernetesObject);
    },
    nodeOf: (name: string) => eventually(() => podNamed(name)?.spec?.nodeName),
    refusalOf: (name: string) =>
      eventually(() =>
        podNamed(name)?.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False'),
      ),
  };
}

const storageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'local' },
  provisioner: 'example.com/local',
  volumeBindingMode: 'WaitForFirstConsumer',
};
const waitingClaim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'default' },
  spec: { storageClassName: 'local', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};

test('pending pods get nodes, and never more than fits', async (t) => {
  const { addNode, addPod, nodeOf, eventually, podNamed, refusalOf } = await start(t);
  await addNode(buildNode('n1', { allocatable: { cpu: '2' } }));
  await addNode(buildNode('n2', { allocatable: { cpu: '2' } }));
  const names = ['a', 'b', 'c', 'd', 'e'];
  await Promise.all(names.map((name) => addPod(name, { requests: { cpu: '1' } })));
  const bound = () => names.filter((name) => podNamed(name)?.spec?.nodeName);
  await eventually(() => bound().length === 4);
  const late = names.find((name) => !bound().includes(name))!;
  assert.match((await refusalOf(late)).message ?? '', /^0\/2 nodes are available: 2 Insufficient cpu\. preemption: /);
  assert.equal(bound().length, 4);
  const counts = new Map<string, number>();
  for (const name of bound()) counts.set(await nodeOf(name), (counts.get(await nodeOf(name)) ?? 0) + 1);
  assert.deepEqual([...counts.values()], [2, 2]);
});

test('pods of one service are spread, although another node has less to do', async (t) => {
  const { client, addNode, addPod, nodeOf, eventually, caches } = await start(t);
  await addNode(buildNode('n1'));
  await addNode(buildNode('n2'));
  const spec = { selector: { app: 'web' }, ports: [{ port: 80 }] };
  const metadata = { name: 'web', namespace: 'default' };
  await client.create('services', { apiVersion: 'v1', kind: 'Service', metadata, spec } as KubernetesObject);
  await eventually(() => caches('services').get('default', 'web'), 'services');
  await addPod('busy', { requests: { cpu: '1', memory: '2Gi' }, nodeName: 'n2' });
  await eventually(() => caches('pods').get('default', 'busy'));
  await addPod('a', { labels: { app: 'web' } });
  assert.equal(await nodeOf('a'), 'n1');
  await addPod('b', { labels: { app: 'web' } });
  assert.equal(await nodeOf('b'), 'n2');
});

test('a refused pod says why, to people and to programs, and is placed when that changes', async (t) => {
  const { addNode, addPod, nodeOf, refusalOf, caches, eventually } = await start(t);
  await addNode(buildNode('n1', { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] }));
  await addPod('a');
  const { reason, message = '' } = await refusalOf('a');
  assert.equal(reason, 'Unschedulable');
  const [sentence, json] = message.split(detailMark);
  assert.match(sentence!, /0\/1 nodes are available: 1 node\(s\) had untolerated taint \{gpu: yes\}\./);
  assert.equal(JSON.parse(json!).nearest[0].node, 'n1');
  await addNode(buildNode('n2'));
  assert.equal(await nodeOf('a'), 'n2');
  const told = (wanted: string) => () =>
    caches('events')
      .list('default')
      .find((event) => event['reason'] === wanted);
  await eventually(told('FailedScheduling'), 'events');
  assert.match((await eventually(told('Scheduled'), 'events'))['message'], /Successfully assigned default\/a to n2/);
});

test('an important pod takes the place of an unimportant one', async (t) => {
  const { addNode, addPod, nodeOf, client, eventually, podNamed } = await start(t);
  await addNode(buildNode('n1', { allocatable: { cpu: '1' } }));
  await addPod('low', { requests: { cpu: '1' } });
  await nodeOf('low');
  await addPod('high', { requests: { cpu: '1' }, priority: 1000 });
  await eventually(() => podNamed('low') === undefined || podNamed('low')?.metadata.deletionTimestamp);
  // The node's agent confirms that the victim has ended.
  await client.delete('pods', { namespace: 'default', name: 'low' }, { gracePeriodSeconds: 0 }).catch(() => {});
  assert.equal(await nodeOf('high'), 'n1');
});

test('who is promised room gets it, although others like it were refused meanwhile', async (t) => {
  const { addNode, addPod, nodeOf, client, eventually, podNamed, refusalOf } = await start(t);
  await addNode(buildNode('n1', { allocatable: { cpu: '1' } }));
  await addPod('low', { requests: { cpu: '1' } });
  await nodeOf('low');
  await addPod('high', { requests: { cpu: '1' }, priority: 1000 });
  await eventually(() => podNamed('high')?.status?.nominatedNodeName === 'n1');
  await eventually(() => podNamed('low') === undefined || podNamed('low')?.metadata.deletionTimestamp);
  // Its victim has ended, and before it is its turn again another one of its kind is refused.
  client.delete('pods', { namespace: 'default', name: 'low' }, { gracePeriodSeconds: 0 }).catch(() => {});
  await eventually(() => podNamed('low') === undefined);
  await addPod('late', { requests: { cpu: '1' }, priority: 1000 });
  assert.equal(await nodeOf('high'), 'n1');
  await refusalOf('late');
});

test('the wish of a resize holds room until its node says that it can never have it', async (t) => {
  const { addNode, addPod, nodeOf, client, refusalOf } = await start(t);
  await addNode(buildNode('n1', { allocatable: { cpu: '2' } }));
  await addPod('grows', { requests: { cpu: '1' } });
  await nodeOf('grows');
  const grows = { namespace: 'default', name: 'grows' };
  const patch = (subresource: string, body: object) =>
    client.patch('pods', grows, { type: 'strategic', body }, { subresource });
  const has = { requests: { cpu: '1' } };
  await patch('status', {
    status: { containerStatuses: [{ name: 'main', resources: has, allocatedResources: has.requests }] },
  });
  await patch('resize', { spec: { containers: [{ name: 'main', resources: { requests: { cpu: '4' } } }] } });
  await addPod('waits', { requests: { cpu: '1' } });
  assert.match((await refusalOf('waits')).message ?? '', /Insufficient cpu/);
  await patch('status', {
    status: { conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible' }] },
  });
  assert.equal(await nodeOf('waits'), 'n1');
});

test('gated pods wait for their gates, pods of other schedulers for theirs', async (t) => {
  const { addNode, addPod, nodeOf, refusalOf, podNamed, client } = await start(t);
  await addNode(buildNode('n1'));
  await addPod('other', { schedulerName: 'mine' });
  await addPod('gated', { schedulingGates: [{ name: 'example.com/quota' }] });
  assert.equal((await refusalOf('gated')).reason, 'SchedulingGated');
  await addPod('free');
  await nodeOf('free');
  assert.equal(podNamed('other')?.spec?.nodeName, undefined);
  const pod = await client.get('pods', { namespace: 'default', name: 'gated' });
  await client.update('pods', { ...pod, spec: { ...pod['spec'], schedulingGates: [] } });
  assert.equal(await nodeOf('gated'), 'n1');
});

test('pods whose volumes are long in coming keep nobody else waiting', async (t) => {
  const { addNode, addPod, nodeOf, client, depth, eventually } = await start(t);
  await addNode(buildNode('n1', { allocatable: { cpu: '1000', pods: '1000' } }));
  await client.create('storageclasses.storage.k8s.io', storageClass as KubernetesObject);
  await client.create('persistentvolumeclaims', waitingClaim as KubernetesObject);
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
  const names = Array.from({ length: bindingsAtOnceMax + 1 }, (_, index) => `waits-${index}`);
  await Promise.all(names.map((name) => addPod(name, { volumes })));
  await eventually(() => depth().active === 0);
  await addPod('plain');
  assert.equal(await nodeOf('plain'), 'n1');
});

test('a claim that waits for its first consumer gets a volume on the chosen node before its pod goes there', async (t) => {
  const { addNode, addPod, nodeOf, podNamed, client, caches, eventually } = await start(t);
  await addNode(buildNode('n1'));
  await addNode(buildNode('n2', { unschedulable: true }));
  await client.create('storageclasses.storage.k8s.io', storageClass as KubernetesObject);
  await client.create('persistentvolumeclaims', waitingClaim as KubernetesObject);
  await addPod('a', { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] });
  const claim = () => caches('persistentvolumeclaims').get('default', 'data')!;
  const selected = 'volume.kubernetes.io/selected-node';
  await eventually(() => claim().metadata.annotations?.[selected] === 'n1', 'persistentvolumeclaims');
  assert.equal(podNamed('a')?.spec?.nodeName, undefined);
  // What a provisioner and the volume binder do.
  const volumeName = 'pv1';
  await client.create('persistentvolumes', {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volumeName },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'local',
      hostPath: { path: '/tmp/pv1' },
    },
  } as KubernetesObject);
  const name = { namespace: 'default', name: 'data' };
  await client.patch('persistentvolumeclaims', name, { type: 'merge', body: { spec: { volumeName } } });
  const body = { status: { phase: 'Bound' } };
  await client.patch('persistentvolumeclaims', name, { type: 'merge', body }, { subresource: 'status' });
  assert.equal(await nodeOf('a'), 'n1');
});

test('while pods come and go, no node ever holds more than it can', async (t) => {
  const { addNode, addPod, client, caches, eventually } = await start(t);
  for (const name of ['n1', 'n2']) await addNode(buildNode(name, { allocatable: { cpu: '4', pods: '5' } }));
  const pods = () => caches('pods').list() as unknown as Pod[];
  const worst: string[] = [];
  await caches('pods').synced();
  caches('pods').subscribe(() => {
    for (const node of ['n1', 'n2']) {
      const own = pods().filter(({ spec }) => spec?.nodeName === node);
      const cores = own.reduce((sum, { spec }) => sum + Number(spec!.containers[0]!.resources!.requests!['cpu']), 0);
      if (own.length > 5 || cores > 4) worst.push(`${node}: ${own.length} pods, ${cores} cores`);
    }
  });
  let made = 0;
  let gone = 0;
  const all = 40;
  // Whoever is placed leaves at once, and so makes room for the next.
  caches('pods').subscribe((type, { metadata, spec }) => {
    if (type === 'DELETED') gone++;
    else if (spec.nodeName && !metadata.deletionTimestamp)
      setImmediate(() =>
        client
          .delete('pods', { namespace: 'default', name: metadata.name }, { gracePeriodSeconds: 0 })
          .catch(() => undefined),
      );
  });
  const more = async () => {
    while (made < all) {
      const number = made++;
      await addPod(`p${number}`, { requests: { cpu: `${1 + (number % 3)}` } });
    }
  };
  await Promise.all([more(), more(), more(), more()]);
  await eventually(() => gone === all);
  assert.deepEqual(worst, []);
});
