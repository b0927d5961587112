import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  clusterRole,
  clusterRoleBinding,
  paths,
  role,
  roleBinding,
  rule,
  user,
  userGroup,
} from '../../../api/rbac/write-rule.ts';
import type { Manifest } from '../../contract.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { clusterOf, namespace, node, pod, secret } from '../../testing/worlds.ts';
import { administrationChecks, judgeAdministration } from './administration.ts';
import type { AdministrationContext, Endpoint } from './contract.ts';

const dayMs = 24 * 3600 * 1000;

const judge = (
  id: string,
  objects: Manifest[],
  more: Partial<Snapshot> = {},
  context: Partial<AdministrationContext> = {},
) =>
  judgeAdministration({ snapshot: clusterOf(objects, more), endpoint: undefined, nowMs: 0, ...context })
    .filter(({ check }) => check === `administration/${id}`)
    .map(({ verdict, why }) => `${verdict}: ${why}`);

const protection = (name: string, mode: string): Manifest => ({
  ...{ apiVersion: 'defence.rempart.io/v1alpha1', kind: 'Protection', metadata: { name }, spec: { mode } },
});
const endpoint = (server: string, more: Partial<Endpoint> = {}): { endpoint: Endpoint } => ({
  endpoint: { server, insecureSkipTlsVerify: false, credential: { type: 'token' }, ...more },
});

test('an empty cluster gets a verdict of every check, and none of them is a pass without a reason', () => {
  const found = judgeAdministration({ snapshot: clusterOf([]), ...endpoint('https://203.0.113.7'), nowMs: 0 });
  assert.deepEqual(
    [...new Set(found.map(({ check }) => check))],
    administrationChecks.map(({ id }) => id),
  );
  assert.ok(found.every(({ why }) => why !== ''));
});

test('the API’s address: how it is reached from here proves nothing, loopback is known on our own', () => {
  assert.match(
    judge('api-address', [], {}, endpoint('https://10.0.0.7:6443'))[0]!,
    /^not assessed: its address 10.0.0.7 is private/,
  );
  assert.match(judge('api-address', [], {}, endpoint('https://203.0.113.7'))[0]!, /^not assessed: .*is public/);
  assert.match(judge('api-address', [])[0]!, /^not assessed: manifests/);
  assert.match(judge('api-address', [protection('api-on-loopback', 'enforce')])[0]!, /^pass/);
  const open = [protection('api-on-loopback', 'off'), protection('client-allow-list', 'off')];
  assert.match(judge('api-address', open)[0]!, /^fail/);
});

test('a credential of a year, of system:masters, or sent to anybody fails', () => {
  const certificate = (days: number, groups: string[] = []) =>
    ({ type: 'certificate', fromMs: 0, expiresMs: days * dayMs, groups }) as const;
  const of = (more: Partial<Endpoint>) => judge('kubeconfig', [], {}, endpoint('https://10.0.0.7', more));
  assert.match(of({ credential: certificate(1) })[0]!, /^pass: the client certificate is valid for 1 more days/);
  assert.match(of({ credential: certificate(365) })[0]!, /^fail/);
  assert.match(of({ credential: certificate(1, ['system:masters']) })[0]!, /^fail/);
  assert.match(of({ insecureSkipTlsVerify: true })[0]!, /^fail: .*does not verify/);
});

test('rights without credentials fail with their binding; what every cluster gives does not', () => {
  const viewer = clusterRole('system:public-info-viewer', [paths('get', '/version')]);
  const usual = [
    viewer,
    clusterRoleBinding('public', 'system:public-info-viewer', [userGroup('system:unauthenticated')]),
  ];
  assert.match(judge('anonymous', usual)[0]!, /^pass/);
  const role = clusterRole('look', [rule('get', '', 'pods')]);
  const bound = [...usual, role, clusterRoleBinding('open', 'look', [user('system:anonymous')])];
  assert.match(judge('anonymous', bound)[0]!, /^fail: ClusterRoleBinding "open" gives ClusterRole "look"/);
  assert.match(judge('anonymous', [...bound, protection('anonymous-access', 'enforce')])[0]!, /^pass/);
  const unread = [{ kind: 'ClusterRoleBinding.rbac.authorization.k8s.io', why: 'forbidden' }];
  assert.match(judge('anonymous', [], { unread })[0]!, /^not assessed: .*forbidden/);
  const all = [role, clusterRoleBinding('all', 'look', [userGroup('system:authenticated')])];
  assert.match(judge('everybody', all)[0]!, /^fail: ClusterRoleBinding "all"/);
});

test('what a role gives counts, not its name; what kubeadm publishes for nodes that join is told as that', () => {
  const renamed = [
    clusterRole('system:public-info-viewer', [rule('list', '', 'secrets')]),
    clusterRoleBinding('public', 'system:public-info-viewer', [userGroup('system:unauthenticated')]),
  ];
  assert.match(judge('anonymous', renamed)[0]!, /^fail/);
  const joining = (names: string[]) => [
    role('kube-public', 'info', [{ ...rule('get', '', 'configmaps'), resourceNames: names }]),
    roleBinding('kube-public', 'info', 'info', [user('system:anonymous')]),
  ];
  assert.match(judge('anonymous', joining(['cluster-info']))[0]!, /^pass: .*health, version and how nodes join/);
  assert.match(judge('anonymous', joining([]))[0]!, /^fail/);
  const discovery = (group: string) => [
    clusterRole('system:discovery', [paths('get', '/api/*')]),
    clusterRoleBinding('discovery', 'system:discovery', [userGroup(group)]),
  ];
  assert.match(judge('everybody', discovery('system:authenticated'))[0]!, /^pass/);
  assert.match(judge('anonymous', discovery('system:unauthenticated'))[0]!, /^fail/);
});

const nodes = [{ ...node('n1'), status: { addresses: [{ address: '10.0.0.1' }] } }];

test('kubelets: pods that reach them, and what kubeadm wrote down; never by asking them', () => {
  const world = [namespace('a'), ...nodes, pod('a', 'web', { nodeName: 'n2' }, '10.1.0.1')];
  const [reach, settings] = judge('kubelet', world);
  assert.match(reach!, /^fail: policies let 1 of 1 pods connect to kubelets/);
  assert.match(settings!, /^not assessed: .*nodes\/proxy/);
  const config = (kubelet: string): Manifest => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'kube-system', name: 'kubelet-config' } },
    data: { kubelet },
  });
  assert.match(
    judge('kubelet', [config('authentication: { anonymous: { enabled: true } }\nreadOnlyPort: 10255')])[1]!,
    /^fail: anonymous/,
  );
  assert.match(judge('kubelet', [config('readOnlyPort: 0')])[1]!, /^pass/);
  assert.match(judge('kubelet', [config('a: &a [1]\nb: [*a, *a]')])[1]!, /^not assessed: .*cannot be read/);
});

test('etcd that takes anybody fails; where none is seen it is not assessed, but on our own', () => {
  const store = (...command: string[]) => ({
    ...pod('kube-system', 'etcd-n1', { hostNetwork: true, containers: [{ name: 'etcd', command }] }),
    metadata: { namespace: 'kube-system', name: 'etcd-n1', labels: { component: 'etcd' } },
  });
  assert.match(judge('etcd', [store('etcd')])[0]!, /^fail: it does not ask for client certificates/);
  assert.doesNotMatch(judge('etcd', [store('etcd', '--client-cert-auth=true')]).join(), /fail: it does not/);
  assert.match(judge('etcd', [])[0]!, /^not assessed/);
  assert.match(judge('etcd', [], { closedByDefault: true })[0]!, /^pass/);
});

test('a dashboard that is exposed fails, one that is not passes', () => {
  const image = 'docker.example/kubernetesui/dashboard:v2.7.0@sha256:00';
  const board = pod('a', 'board', { containers: [{ name: 'm', image, ports: [{ containerPort: 8443 }] }] }, '10.1.0.1');
  const service: Manifest = {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'a', name: 'board' } },
    spec: { type: 'LoadBalancer', selector: { app: 'board' }, ports: [{ port: 443, targetPort: 8443 }] },
  };
  assert.match(judge('dashboards', [board, service])[0]!, /^fail: dashboard is reached by LoadBalancer/);
  assert.match(judge('dashboards', [board])[0]!, /^pass: dashboard is not exposed/);
  assert.match(judge('dashboards', [], { unread: [{ kind: 'Service', why: 'forbidden' }] })[0]!, /^not assessed/);
});

test('credentials without end: tokens in Secrets, bootstrap tokens', () => {
  assert.match(
    judge('endless-tokens', [secret('a', 't', { 'kubernetes.io/service-account.name': 'robot' })])[0]!,
    /^fail: .*a\/robot/,
  );
  assert.match(judge('endless-tokens', [secret('a', 't')])[0]!, /^pass/);
  const token = (stringData?: object): Manifest => ({
    ...secret('kube-system', 'bootstrap-token-abcdef'),
    ...(stringData ? { stringData } : {}),
  });
  assert.match(judge('bootstrap-tokens', [token()])[0]!, /^not assessed: .*values, which are not read/);
  assert.match(judge('bootstrap-tokens', [token({})])[0]!, /^fail: it never expires/);
  assert.match(judge('bootstrap-tokens', [token({ expiration: '1970-01-01T10:00:00Z' })])[0]!, /^pass/);
});

test('what is absent from manifests is not assessed: they are a part of what runs', () => {
  for (const { verdict, by } of judgeAdministration({
    snapshot: clusterOf([], { source: 'manifests' }),
    endpoint: undefined,
    nowMs: 0,
  }))
    assert.ok(verdict !== 'pass' || by.length > 0);
});
