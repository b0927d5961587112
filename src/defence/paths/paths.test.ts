import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noObservations } from '../../api/observations/observation.ts';
import { clusterRole, clusterRoleBinding, rule, userGroup } from '../../api/rbac/write-rule.ts';
import type { Manifest } from '../contract.ts';
import { workloadsOf } from '../snapshot/workloads.ts';
import { account, clusterOf, heldEverywhere, heldIn, namespace, node, pod, secret } from '../testing/worlds.ts';
import { findPaths } from './paths.ts';
import { easiest, ground, robot } from './testing/easiest.ts';
import { worstPaths } from './worst.ts';

test('a pod gives its token only when it has one, and its node only when it is let out', () => {
  const held = heldIn('a', 'r', [rule('get', '', 'secrets')], robot);
  const from = (spec: object) => [
    namespace('a'),
    secret('a', 'one'),
    ...held,
    pod('a', 'robot', spec as Record<string, unknown>),
  ];
  assert.equal(easiest(from({}), 'pod:a/robot', 'secrets'), 'none');
  assert.match(
    easiest(from({ automountServiceAccountToken: true }), 'pod:a/robot', 'secrets'),
    /ServiceAccount a\/robot/,
  );
  const projected = { projected: { sources: [{ serviceAccountToken: { path: 'token' } }] }, name: 'token' };
  assert.match(easiest(from({ volumes: [projected] }), 'pod:a/robot', 'secrets'), /ServiceAccount a\/robot/);
  for (const audience of ['https://kubernetes.default.svc.cluster.local', 'https://kubernetes.default.svc']) {
    const named = { projected: { sources: [{ serviceAccountToken: { path: 'token', audience } }] }, name: 'token' };
    assert.match(easiest(from({ volumes: [named] }), 'pod:a/robot', 'secrets'), /ServiceAccount a\/robot/);
  }
  const elsewhere = {
    projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'vault' } }] },
    name: 'v',
  };
  assert.equal(easiest(from({ volumes: [elsewhere] }), 'pod:a/robot', 'secrets'), 'none');
  const out = [
    { containers: [{ name: 'm', securityContext: { privileged: true } }] },
    { volumes: [{ name: 'h', hostPath: { path: '/var/run/../run/containerd.sock' } }] },
    { containers: [{ name: 'm', securityContext: { capabilities: { add: ['SYS_ADMIN'] } } }] },
    { hostPID: true, containers: [{ name: 'm', securityContext: { capabilities: { add: ['CAP_SYS_PTRACE'] } } }] },
  ];
  for (const spec of out) assert.equal(easiest(from(spec), 'pod:a/robot', 'nodes'), 'Pod a/robot > node n1 (1)');
  for (const spec of [
    { hostNetwork: true },
    { hostPID: true },
    { volumes: [{ name: 'h', hostPath: { path: '/srv' } }] },
  ])
    assert.equal(easiest(from(spec), 'pod:a/robot', 'nodes'), 'none');
});

test('a pod that differs from those beside which its controller counts it stands for itself', () => {
  const set: Manifest = {
    ...{ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { namespace: 'a', name: 'web', uid: 'w' } },
    spec: { template: pod('a', 'web') },
  };
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'w', controller: true }];
  const owned = (name: string, spec: object = {}) => {
    const made = pod('a', name, { serviceAccountName: 'web', hostname: name, ...spec });
    return { ...made, metadata: { ...made.metadata, ownerReferences } };
  };
  const ports = [{ containerPort: 8080, hostPort: 80 }];
  const sly = owned('sly', { containers: [{ name: 'm', ports, securityContext: { privileged: true } }] });
  const two = ['web-1', 'web-2'].map((name) =>
    owned(name, { nodeName: name, volumes: [{ name: `kube-api-access-${name.slice(-1)}xyz` }] }),
  );
  for (const objects of [
    [sly, ...two],
    [...two, sly],
  ]) {
    const all = [...ground, set, ...objects];
    assert.equal(easiest(all, 'pod:a/sly', 'node:n1'), 'Pod a/sly > node n1 (1)');
    assert.equal(easiest(all, 'pod:a/web-1', 'node:n2'), 'none');
    assert.match(easiest(all, 'internet', 'node:n1'), /> Pod a\/sly >/);
    assert.deepEqual(
      workloadsOf(clusterOf(all)).map(({ ref, pods }) => [ref.kind, pods.length]),
      [
        ['ReplicaSet.apps', 2],
        ['Pod', 1],
      ],
    );
  }
});

test('a static pod holds no token and is what it is; what a cluster needs on its nodes is for a person to change', () => {
  const privileged = { containers: [{ name: 'm', securityContext: { privileged: true } }] };
  const mirror = pod('kube-system', 'etcd-n1', { ...privileged, automountServiceAccountToken: undefined });
  mirror.metadata.annotations = { 'kubernetes.io/config.mirror': '1' };
  const held = heldIn('kube-system', 'r', [rule('get', '', 'secrets')], account('kube-system', 'etcd-n1'));
  const cut = (objects: Manifest[], from: string) =>
    findPaths(clusterOf([...ground, namespace('kube-system'), ...objects]), from, 'nodes', noObservations());
  assert.equal(easiest([...ground, mirror, ...held], 'pod:kube-system/etcd-n1', 'secrets:kube-system'), 'none');
  assert.equal(cut([mirror], 'pod:kube-system/etcd-n1').cut, undefined);
  const proxy = cut([pod('kube-system', 'kube-proxy', privileged)], 'pod:kube-system/kube-proxy');
  assert.deepEqual(
    proxy.cut!.levers.map(({ text, byHand }) => [text, byHand]),
    [['take container m: privileged out of Pod kube-system/kube-proxy, a part of the cluster itself', true]],
  );
});

test('a pod that lives is not changed: its owner is, or it goes, or it is made anew by hand', () => {
  const spec = { containers: [{ name: 'm', securityContext: { privileged: true } }] };
  const set: Manifest = {
    ...{ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { namespace: 'a', name: 'all', uid: 'd' } },
    spec: { template: { metadata: { labels: { app: 'all' } }, spec: { containers: [{ name: 'm' }] } } },
  };
  const owned = (name: string, more: object = {}) => {
    const made = pod('a', name, { ...more });
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'all', uid: 'd', controller: true }];
    return { ...made, metadata: { ...made.metadata, ownerReferences } };
  };
  const levers = (source: 'cluster' | 'manifests', ...objects: Manifest[]) => {
    const from = `pod:a/${objects.at(-1)!.metadata.name}`;
    const { cut } = findPaths(clusterOf([...ground, ...objects], { source }), from, 'nodes', noObservations());
    return cut!.levers.map(({ text, byHand }) => `${text}${byHand ? ' (by hand)' : ''}`);
  };
  const alone = pod('a', 'own', spec);
  assert.deepEqual(levers('manifests', alone), ['take container m: privileged out of Pod a/own']);
  assert.deepEqual(levers('cluster', alone), [
    'make Pod a/own anew, which nobody changes while it lives: take container m: privileged out of Pod a/own (by hand)',
  ]);
  const template = { ...set, spec: { template: { ...set['spec'].template, spec } } };
  assert.deepEqual(levers('cluster', template, owned('all-1', spec)), [
    'take container m: privileged out of DaemonSet a/all',
  ]);
  assert.deepEqual(levers('cluster', set, owned('all-1'), owned('all-2'), owned('sly', spec)), [
    'delete Pod a/sly, which is not as DaemonSet a/all makes its pods',
  ]);
});

test('who administers a cluster by design is no way into it', () => {
  const admins = clusterRoleBinding('kubeadm:cluster-admins', 'all', [userGroup('kubeadm:cluster-admins')]);
  const guests = clusterRoleBinding('guests', 'all', [userGroup('guests')]);
  const found = (...bindings: Manifest[]) =>
    worstPaths(clusterOf([...ground, clusterRole('all', [rule('*', '*', '*')]), ...bindings])).paths.map(
      ({ from }) => from,
    );
  assert.deepEqual(found(admins), []);
  assert.ok(found(admins, guests).includes('group guests'));
});

test('a node gives the tokens and Secrets of what runs there, the control plane gives everything', () => {
  const thief = pod('a', 'thief', { containers: [{ name: 'm', securityContext: { privileged: true } }] });
  const boss = (nodeName: string) => pod('b', 'boss', { nodeName });
  const held = heldIn('b', 'r', [rule('get', '', 'secrets')], account('b', 'boss'));
  const world = (nodeName: string) => [...ground, thief, boss(nodeName), ...held];
  assert.equal(
    easiest(world('n1'), 'pod:a/thief', 'secrets:b'),
    'Pod a/thief > node n1 > ServiceAccount b/boss > every Secret of namespace b (3)',
  );
  assert.equal(easiest(world('n2'), 'pod:a/thief', 'secrets:b'), 'none');
  const plane = node('n1', { 'node-role.kubernetes.io/control-plane': '' });
  assert.equal(
    easiest([namespace('a'), plane, thief], 'pod:a/thief', 'cluster-admin'),
    'Pod a/thief > node n1 > cluster-admin (2)',
  );
});

test('a Secret with a token is its ServiceAccount', () => {
  const token = secret('a', 'old', { 'kubernetes.io/service-account.name': 'boss' });
  const held = heldEverywhere('all', [rule('*', '*', '*')], account('a', 'boss'));
  assert.equal(
    easiest([namespace('a'), token, ...held], 'secret:a/old', 'cluster-admin'),
    'Secret a/old > ServiceAccount a/boss > cluster-admin (2)',
  );
});

const service = (at: string, name: string, spec: object): Manifest => ({
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { namespace: at, name } },
  spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
});

const shop = [
  ...[namespace('a'), node('n1'), service('a', 'web', { type: 'LoadBalancer' }), pod('a', 'web', {}, '10.1.0.1')],
  ...[pod('a', 'db', { automountServiceAccountToken: true }, '10.1.0.2'), secret('a', 'one')],
  ...heldIn('a', 'r', [rule('get', '', 'secrets')], account('a', 'db')),
];

test('from outside through what is exposed, from pod to pod as policies allow, with the policies named', () => {
  const expected = 'the Internet > Pod a/web > Pod a/db > ServiceAccount a/db > every Secret of namespace a (12)';
  assert.equal(easiest(shop, 'internet', 'secrets'), expected);
  const policy = (from: object[]): Manifest => ({
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace: 'a', name: 'db' } },
    spec: { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ from }] },
  });
  assert.equal(
    easiest([...shop, policy([{ podSelector: { matchLabels: { app: 'other' } } }])], 'internet', 'secrets'),
    'none',
  );
  const open = clusterOf([...shop, policy([{ podSelector: { matchLabels: { app: 'web' } } }])]);
  const { steps } = findPaths(open, 'internet', 'secrets', noObservations()).paths[0]!;
  assert.deepEqual(steps[1]!.by, [{ kind: 'NetworkPolicy.networking.k8s.io', namespace: 'a', name: 'db' }]);
});

test('the cheapest cut is what breaks least, is tried, and says what was seen of it', () => {
  const seen = { firstMs: 0, lastMs: 1, count: 3, allowed: true };
  const call = {
    user: 'system:serviceaccount:a:db',
    groups: [],
    verb: 'get',
    resource: 'secrets',
    group: '',
    subresource: '',
  };
  const observations = {
    ...noObservations(),
    calls: [{ ...seen, ...call, namespace: 'a', name: '', path: '' }],
    windows: { ...noObservations().windows, calls: [{ source: 'audit', fromMs: 0, toMs: 1, lost: 0 }] },
  };
  const texts = (watched = noObservations()) => {
    const { cut } = findPaths(clusterOf(shop), 'internet', 'secrets', watched);
    assert.equal(cut!.proven, true);
    return cut!.levers.map(({ text, breaks }) => `${text}: ${breaks}`);
  };
  assert.deepEqual(texts(), ['let a NetworkPolicy say who may reach Pod a/db: what uses it was not watched']);
  assert.notDeepEqual(texts(observations), []);
});

test('two subjects of one binding are taken out together', () => {
  const bound = clusterRoleBinding('all', 'all', [robot, account('a', 'other'), account('a', 'third')]);
  const objects = [
    ...ground,
    clusterRole('all', [rule('*', '*', '*')]),
    bound,
    pod('a', 'robot', { automountServiceAccountToken: true }),
  ];
  const { cut } = findPaths(clusterOf(objects), 'sa:a/robot', 'cluster-admin', noObservations());
  assert.deepEqual(cut!.changes, [{ put: { ...bound, subjects: bound['subjects'].slice(1) } }]);
  assert.equal(cut!.proven, true);
});

test('the worst paths begin outside; a Secret that a workload mounts is an aim for all others', () => {
  const mounting = pod('a', 'own', { volumes: [{ name: 's', secret: { secretName: 'one' } }] });
  const quiet = worstPaths(clusterOf([namespace('a'), secret('a', 'one'), mounting]));
  assert.deepEqual(quiet.paths, []);
  // Whoever breaks into another workload reads what that one was given, and only what that one was given counts.
  const beside = pod('a', 'beside');
  const two = pod('a', 'two', { volumes: [{ name: 's', secret: { secretName: 'two' } }] });
  const reachedFrom = (...objects: Manifest[]) =>
    worstPaths(clusterOf([namespace('a'), secret('a', 'one'), secret('a', 'two'), ...objects]));
  assert.deepEqual(reachedFrom(mounting, beside).reached.at(-1), {
    ...{ aim: 'secrets', workloads: 1, of: 2, internet: false },
  });
  const { paths: between } = reachedFrom(mounting, two);
  assert.deepEqual(between.map(({ from, to }) => `${from} > ${to}`).sort(), [
    'Pod a/own > Secret a/two',
    'Pod a/two > Secret a/one',
  ]);
  const { paths, reached } = worstPaths(clusterOf(shop));
  assert.equal(paths[0]!.from, 'the Internet');
  assert.deepEqual(reached.at(-1), { aim: 'secrets', workloads: 2, of: 2, internet: true });
});

test('a workload is named with or without its kind, in either place and in any case', () => {
  for (const name of ['a/db', 'Pod/a/db', 'pod/a/db', 'a/pod/db'])
    assert.notEqual(easiest(shop, `workload:${name}`, 'secrets'), 'none', name);
  assert.throws(() => easiest(shop, 'workload:a/deployment/db', 'secrets'), /not in what was read/);
});

test('what was not read is told, and an unknown end is refused', () => {
  const unread = clusterOf(shop, { unread: [{ kind: 'Secret', why: 'forbidden' }] });
  assert.ok(worstPaths(unread).notAssessed.includes('Secret: forbidden'));
  assert.throws(() => findPaths(clusterOf(shop), 'pod:a/none', 'secrets', noObservations()), /not in what was read/);
  assert.throws(() => findPaths(clusterOf(shop), 'somewhere', 'secrets', noObservations()), /no end of a path/);
});

test('what everybody holds is a start of its own; without credentials nobody comes where our server ends that', () => {
  const all = clusterRole('all', [rule('*', '*', '*')]);
  const everybody = worstPaths(
    clusterOf([namespace('a'), all, clusterRoleBinding('e', 'all', [userGroup('system:authenticated')])]),
  );
  assert.equal(everybody.paths[0]!.from, 'group system:authenticated');
  const nobody = [namespace('a'), all, clusterRoleBinding('n', 'all', [userGroup('system:unauthenticated')])];
  assert.equal(
    easiest(nobody, 'internet', 'cluster-admin'),
    'the Internet > group system:unauthenticated > cluster-admin (3)',
  );
  const mode: Manifest = {
    ...{ apiVersion: 'defence.rempart.io/v1alpha1', kind: 'Protection', metadata: { name: 'anonymous-access' } },
    spec: { mode: 'enforce' },
  };
  assert.equal(easiest([...nobody, mode], 'internet', 'cluster-admin'), 'none');
});
