import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEvaluator } from '../../policy/policy.ts';
import type { Manifest } from '../contract.ts';
import { createSnapshot, type SnapshotParts, withChanges } from './snapshot.ts';
import { worldOfSnapshot } from './world.ts';

const object = (
  apiVersion: string,
  kind: string,
  name: string,
  rest: object = {},
  metadata: object = {},
): Manifest => ({
  ...{ apiVersion, kind, metadata: { name, namespace: 'shop', uid: `uid-${kind}-${name}`, ...metadata } },
  ...rest,
});
const ownedBy = ({ apiVersion, kind, metadata: { name, uid } }: Manifest) => ({
  ownerReferences: [{ apiVersion, kind, name, uid: uid!, controller: true }],
});
const template = (app: string, spec: object = {}) => ({
  metadata: { labels: { app } },
  spec: { containers: [{ name: app, ports: [{ name: 'http', containerPort: 8080 }] }], ...spec },
});
const deployment = (name: string) => object('apps/v1', 'Deployment', name, { spec: { template: template(name) } });
const pod = (name: string, app: string, podIP: string, metadata: object = {}) =>
  object(
    'v1',
    'Pod',
    name,
    { spec: { ...template(app).spec, nodeName: 'n1' }, status: { phase: 'Running', podIP } },
    { labels: { app }, ...metadata },
  );
const service = (name: string, spec: object, namespace = 'shop') =>
  object('v1', 'Service', name, { spec }, { namespace });
const slice = (name: string, address: string, port: number, namespace: string) =>
  object(
    'discovery.k8s.io/v1',
    'EndpointSlice',
    name,
    { endpoints: [{ addresses: [address] }], ports: [{ port }] },
    { namespace, labels: { 'kubernetes.io/service-name': name } },
  );

const worldFrom = (objects: Manifest[], changes: Partial<SnapshotParts> = {}) =>
  worldOfSnapshot(
    createSnapshot({
      ...{ source: 'cluster', closedByDefault: true, takenAtMs: 0, minor: 36, unread: [] },
      ...changes,
      objects,
    }),
  );

test('a pod belongs to the workload at the top; a workload without pods has one of its template', () => {
  const web = deployment('web');
  const set = object('apps/v1', 'ReplicaSet', 'web-1', { spec: { template: template('web') } }, ownedBy(web));
  const cron = object('batch/v1', 'CronJob', 'night', {
    spec: { jobTemplate: { spec: { template: template('night') } } },
  });
  const done = object('batch/v1', 'Job', 'done', {
    spec: { template: template('done') },
    status: { conditions: [{ type: 'Complete', status: 'True' }] },
  });
  const { world, workloads, templates } = worldFrom([
    ...[web, set, cron, done, deployment('idle')],
    pod('web-1-x', 'web', '10.1.0.2', ownedBy(set)),
    pod('alone', 'alone', '10.1.0.3'),
    { ...pod('over', 'over', '10.1.0.2'), status: { phase: 'Succeeded', podIP: '10.1.0.2' } },
  ]);
  assert.deepEqual(
    world.pods.map(({ name, ips }) => [name, ...ips]),
    [['web-1-x', '10.1.0.2'], ['alone', '10.1.0.3'], ['deployment/idle'], ['cronjob/night']],
  );
  assert.deepEqual([...templates], ['shop/deployment/idle', 'shop/cronjob/night']);
  assert.deepEqual(workloads.get('shop/web-1-x'), { kind: 'Deployment.apps', namespace: 'shop', name: 'web' });
  assert.deepEqual(workloads.get('shop/cronjob/night'), { kind: 'CronJob.batch', namespace: 'shop', name: 'night' });
});

test('DNS and API of our clusters come from their Services; on others there are none', () => {
  const objects = [
    service(
      'kube-dns',
      { clusterIP: '10.96.0.10', ports: [{ port: 53, protocol: 'UDP' }, { port: 53 }] },
      'kube-system',
    ),
    slice('kube-dns', '10.244.0.1', 53, 'kube-system'),
    service('kubernetes', { clusterIP: '10.96.0.1', ports: [{ port: 443 }] }, 'default'),
    slice('kubernetes', '10.244.0.1', 6443, 'default'),
    pod('web', 'web', '10.244.0.2'),
  ];
  const { world, notAssessed } = worldFrom(objects);
  assert.deepEqual(notAssessed, []);
  const { evaluate } = createEvaluator(world);
  const web = { pod: 'shop/web' };
  assert.equal(evaluate(web, { address: '10.96.0.10' }, 'UDP', 53).allowed, true);
  assert.equal(evaluate(web, { address: '10.96.0.1' }, 'TCP', 443).allowed, true);
  assert.equal(evaluate(web, { address: '10.96.0.1' }, 'TCP', 80).egress.why, 'island');
  const foreign = worldFrom(objects, { closedByDefault: false });
  assert.deepEqual(foreign.world.wellKnown, []);
  assert.equal(createEvaluator(foreign.world).evaluate(web, { address: '203.0.113.1' }, 'TCP', 80).egress.why, 'off');
  const [what] = worldFrom([]).notAssessed.map(({ what }) => what);
  assert.equal(what, 'cluster DNS (Service kube-system/kube-dns)');
});

test('the isolation of namespaces that do not say is that of the protection', () => {
  const protection = object(
    'defence.rempart.io/v1alpha1',
    'Protection',
    'namespace-isolation',
    { spec: { mode: 'deny' } },
    { namespace: undefined },
  );
  assert.equal(worldFrom([]).world.defaultIsolation, 'island');
  assert.equal(worldFrom([protection]).world.defaultIsolation, 'deny');
  assert.equal(worldFrom([protection], { closedByDefault: false }).world.defaultIsolation, undefined);
});

test('what will be exposed is known from selectors before there are endpoints', () => {
  const idle = deployment('idle');
  const ports = [
    { port: 80, targetPort: 'http' },
    { port: 81, targetPort: 'none' },
  ];
  const { world } = worldFrom([idle, service('idle', { type: 'NodePort', selector: { app: 'idle' }, ports })]);
  assert.deepEqual(world.exposures, [{ namespace: 'shop', pod: 'deployment/idle', protocol: 'TCP', port: 8080 }]);
});

test('manifests without a namespace are of default; what is no pod or policy is told, and so is what was not read', () => {
  const bare = { ...deployment('web'), metadata: { name: 'web' } };
  const policy = (spec: object): Manifest =>
    object('networking.k8s.io/v1', 'NetworkPolicy', 'p', { spec }, { namespace: undefined });
  const { world, notAssessed } = worldFrom(
    [
      ...[bare, policy({ podSelector: {} }), policy({ podSelector: { matchExpressions: 'all' } })],
      { ...pod('odd', 'x', '10.1.0.2'), spec: { containers: [null] } },
      { ...pod('number', 'x', '10.1.0.2'), metadata: { name: 'number', labels: { app: 5 as any } } },
    ],
    { closedByDefault: false, unread: [{ kind: 'Node', why: 'forbidden' }] },
  );
  assert.equal(
    createEvaluator(world).evaluate({ address: '192.0.2.1' }, { pod: 'default/deployment/web' }, 'TCP', 1).allowed,
    false,
  );
  assert.deepEqual(
    notAssessed.map(({ what }) => what),
    ['Node', 'Pod shop/odd', 'Pod number', 'NetworkPolicy.networking.k8s.io p'],
  );
});

test('what a cluster holds its API server has taken; policies of files and of changes are judged first', () => {
  const policy = (name: string) =>
    object('networking.k8s.io/v1', 'NetworkPolicy', name, {
      spec: { podSelector: {}, ingress: [{ ports: [{ port: 'http', endPort: 90 }] }] },
    });
  const parts = { closedByDefault: false, takenAtMs: 0, minor: 36, unread: [], objects: [policy('held')] };
  const names = (snapshot: Parameters<typeof worldOfSnapshot>[0]) =>
    worldOfSnapshot(snapshot).world.policies.map(({ metadata }) => metadata?.name);
  const cluster = createSnapshot({ ...parts, source: 'cluster' });
  assert.deepEqual(names(cluster), ['held']);
  assert.deepEqual(names(withChanges(cluster, [{ put: policy('put') }])), ['held']);
  assert.deepEqual(names(createSnapshot({ ...parts, source: 'manifests' })), []);
});
