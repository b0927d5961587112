import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HostFacts, type HostFile, hostFactsName, hostFactsNamespace } from '../../api/host-facts.ts';
import type { Manifest } from '../contract.ts';
import { createSnapshot, type SnapshotParts } from '../snapshot/snapshot.ts';
import { judgeBenchmark } from './benchmark.ts';
import { renderBenchmark } from './render.ts';

const snapshot = (objects: Manifest[], parts: Partial<SnapshotParts> = {}) =>
  createSnapshot({
    ...{ source: 'cluster', closedByDefault: false, takenAtMs: 0, minor: 36, objects, unread: [] },
    ...parts,
  });
const report = (objects: Manifest[], parts: Partial<SnapshotParts> = {}) =>
  judgeBenchmark(snapshot(objects, parts), { benchmark: 'cis' });
const rowOf = (objects: Manifest[], id: string, parts: Partial<SnapshotParts> = {}) =>
  report(objects, parts).rows.find((row) => row.id === `CIS ${id}`)!;

const node = (name: string, { ready = true, labels = {} } = {}): Manifest => ({
  ...{ apiVersion: 'v1', kind: 'Node', metadata: { name, labels } },
  status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});
const mirror = (name: string, command: string[], env: object[] = [], annotations = mirrored): Manifest => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: `${name}-a`, namespace: 'kube-system', annotations } },
  spec: { containers: [{ name, command, env }] },
});
const mirrored: Record<string, string> = { 'kubernetes.io/config.mirror': '1' };
const apiServer = (...flags: string[]) => [node('a'), mirror('kube-apiserver', ['kube-apiserver', ...flags])];
const protection = (name: string, mode: string): Manifest => ({
  ...{ apiVersion: 'defence.rempart.io/v1alpha1', kind: 'Protection', metadata: { name }, spec: { mode } },
});

test('flags of mirror pods are judged, absent ones by what the component does then', () => {
  const cases: [string, string[], string][] = [
    ['1.2.1', [], 'fail'],
    ['1.2.1', ['--anonymous-auth=false'], 'pass'],
    ['1.2.1', ['--authentication-config=/etc/a.yaml'], 'not assessed'],
    ['1.2.6', [], 'fail'],
    ['1.2.6', ['--authorization-mode=Node,RBAC'], 'pass'],
    ['1.2.7', ['--authorization-mode=RBAC'], 'fail'],
    ['1.2.14', ['--enable-admission-plugins', 'NodeRestriction,EventRateLimit'], 'pass'],
    ['1.2.9', ['--enable-admission-plugins', 'NodeRestriction'], 'fail'],
    ['1.2.12', [], 'pass'],
    ['1.2.12', ['--disable-admission-plugins=ServiceAccount'], 'fail'],
    ['1.2.17', ['--audit-log-maxage=30'], 'pass'],
    ['1.2.17', ['--audit-log-maxage=29'], 'fail'],
    ['1.2.20', [], 'pass'],
    ['1.2.20', ['--request-timeout=1h'], 'fail'],
    ['1.2.20', ['--request-timeout=0'], 'fail'],
    ['1.2.4', ['--kubelet-client-certificate=/a'], 'fail'],
    ['1.2.4', ['--kubelet-client-certificate=/a', '--kubelet-client-key=/b'], 'pass'],
    ['1.2.28', ['--encryption-provider-config=/a'], 'not assessed'],
    ['1.2.28', [], 'fail'],
    ['1.2.29', [], 'fail'],
    ['1.2.29', ['--tls-min-version=VersionTLS13'], 'pass'],
    ['1.2.29', ['--tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'], 'pass'],
    ['1.2.29', ['--tls-cipher-suites=TLS_RSA_WITH_AES_128_CBC_SHA'], 'fail'],
    ['1.2.30', [], 'fail'],
  ];
  for (const [id, flags, verdict] of cases)
    assert.equal(rowOf(apiServer(...flags), id).verdict, verdict, `${id} ${flags}`);
});

test('etcd may be configured by its environment, a flag overrides it, and a file hides both', () => {
  const etcd = (command: string[], env: object[] = []) => [node('a'), mirror('etcd', ['etcd', ...command], env)];
  const certified = { name: 'ETCD_CLIENT_CERT_AUTH', value: 'true' };
  assert.equal(rowOf(etcd([]), '2.2').verdict, 'fail');
  assert.equal(rowOf(etcd(['--client-cert-auth']), '2.2').verdict, 'pass');
  assert.equal(rowOf(etcd([], [certified]), '2.2').verdict, 'pass');
  assert.equal(rowOf(etcd(['--client-cert-auth=false'], [certified]), '2.2').verdict, 'fail');
  assert.equal(rowOf(etcd(['--config-file=/etc/etcd.yaml', '--client-cert-auth']), '2.2').verdict, 'not assessed');
  assert.equal(rowOf(etcd(['--trusted-ca-file=/etc/kubernetes/pki/ca.crt']), '2.7').verdict, 'fail');
  assert.equal(rowOf(etcd(['--trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt']), '2.7').verdict, 'pass');
});

test('the worst of several control planes decides, and a shell does not hide the flags', () => {
  const good = mirror('kube-scheduler', ['/bin/sh', '-c', 'exec /usr/bin/kube-scheduler --bind-address=127.0.0.1']);
  const bad = mirror('kube-scheduler', ['kube-scheduler', '--bind-address=0.0.0.0']);
  assert.equal(rowOf([node('a'), good], '1.4.2').verdict, 'pass');
  assert.equal(rowOf([node('a'), good, bad], '1.4.2').verdict, 'fail');
});

test('a pod that only calls itself the API server is none', () => {
  const fake = mirror('kube-apiserver', ['kube-apiserver', '--anonymous-auth=false'], [], {});
  assert.equal(rowOf([node('a'), fake], '1.2.1').verdict, 'not assessed');
});

test('what nobody can see from here is not assessed, and why is said', () => {
  const managed = rowOf([node('a')], '1.2.1');
  assert.match(managed.why, /provider’s duty/);
  assert.match(rowOf([node('a')], '1.1.1').why, /provider’s duty/);
  assert.match(rowOf([node('a')], '4.2.1').why, /no node agent/);
  assert.match(rowOf([], '1.2.1', { source: 'manifests' }).why, /manifests/);
  const own = node('a', { labels: { 'node-role.kubernetes.io/control-plane': '' } });
  assert.doesNotMatch(rowOf([own], '1.2.1').why, /provider/);
});

test('a kind that could not be read makes no item clean', () => {
  const unread = [{ kind: 'ClusterRole.rbac.authorization.k8s.io', why: 'forbidden' }];
  const row = rowOf([node('a')], '5.1.3', { unread });
  assert.equal(row.verdict, 'not assessed');
  assert.match(row.why, /forbidden/);
});

test('items of one field are not failed by another', () => {
  const spec = { hostPID: true, containers: [{ name: 'a', image: 'a:1' }] };
  const pod: Manifest = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'shop' }, spec };
  assert.equal(rowOf([pod], '5.2.3').verdict, 'fail');
  assert.equal(rowOf([pod], '5.2.4').verdict, 'pass');
  assert.equal(rowOf([pod], '5.2.5').verdict, 'pass');
});

test('on Rempart the mode of a protection decides', () => {
  const closed = { closedByDefault: true };
  assert.equal(rowOf([protection('anonymous-access', 'enforce')], '1.2.1', closed).verdict, 'pass');
  assert.equal(rowOf([protection('anonymous-access', 'off')], '1.2.1', closed).verdict, 'fail');
  assert.equal(rowOf([], '1.2.1', closed).verdict, 'not assessed');
  const open = { 'pod-security.kubernetes.io/enforce': 'privileged' };
  const namespace: Manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: open } };
  const plain: Manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
  assert.equal(rowOf([protection('pod-security', 'restricted'), plain], '5.2.1', closed).verdict, 'pass');
  assert.equal(rowOf([protection('pod-security', 'restricted'), namespace], '5.2.1', closed).verdict, 'fail');
});

test('what Rempart stores and does not serve passes nothing', () => {
  const operator: Manifest = {
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'stores' } },
    spec: { group: 'external-secrets.io' },
  };
  assert.equal(rowOf([operator], '5.4.2').verdict, 'pass');
  assert.equal(rowOf([operator], '5.4.2', { closedByDefault: true }).verdict, 'fail');
});

const file = (fields: Partial<HostFile>): HostFile => ({
  ...{ role: 'store-directory', path: '/var/lib/rempart/server', mode: 0o700, owner: '61723', group: '61723' },
  ...fields,
});
const told = (name: string, files: HostFile[], more: Partial<HostFacts> = {}): Manifest => {
  const facts: HostFacts = {
    ...{ version: 1, node: name, files, omitted: 0, serverAccount: '61723', kubelet: { readOnlyPort: 0 } },
    ...{ sysctls: {}, kernel: '', operatingSystem: '', containerd: '', ...more },
  };
  const metadata = { name: hostFactsName(name), namespace: hostFactsNamespace };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { facts: JSON.stringify(facts) } };
};

test('files of the host are judged by what node agents tell', () => {
  const closed = { closedByDefault: true };
  const verdict = (id: string, objects: Manifest[]) => rowOf(objects, id, closed).verdict;
  assert.equal(verdict('1.1.11', [node('a'), told('a', [file({})])]), 'pass');
  assert.equal(verdict('1.1.12', [node('a'), told('a', [file({})])]), 'pass', 'the account of the server');
  assert.equal(verdict('1.1.11', [node('a'), told('a', [file({ mode: 0o755 })])]), 'fail');
  assert.equal(verdict('1.1.12', [node('a'), told('a', [file({ owner: 'daemon' })])]), 'fail');
  assert.equal(verdict('1.1.1', [node('a'), told('a', [file({})])]), 'not applicable');
  assert.equal(verdict('1.1.1', [node('a'), told('a', [file({})], { omitted: 1 })]), 'not assessed');
  assert.equal(verdict('4.2.4', [node('a'), told('a', [])]), 'pass');
  assert.equal(verdict('4.2.4', [node('a'), told('a', [], { kubelet: { readOnlyPort: 10255 } })]), 'fail');
  assert.equal(verdict('4.2.5', [node('a'), told('a', [])]), 'not assessed', 'it is not told');
});

test('one node that tells nothing, or lies, leaves the item open; one that is wrong fails it', () => {
  const closed = { closedByDefault: true };
  const good = told('a', [file({})]);
  const verdict = (objects: Manifest[]) => rowOf(objects, '1.1.11', closed).verdict;
  assert.equal(verdict([node('a'), node('b'), good]), 'not assessed');
  assert.equal(verdict([node('a', { ready: false }), good]), 'not assessed');
  assert.equal(verdict([node('a'), { ...good, data: { facts: '{' } }]), 'not assessed');
  assert.equal(
    verdict([node('b'), { ...good, metadata: { ...good.metadata, name: hostFactsName('b') } }]),
    'not assessed',
  );
  assert.equal(verdict([node('a'), node('b'), told('b', [file({ mode: 0o777 })])]), 'fail');
  assert.equal(rowOf([node('a'), good], '1.1.11').verdict, 'not assessed', 'nobody is trusted on a foreign cluster');
});

test('the guidance is told by its headings, and counts add up in every report', () => {
  for (const benchmark of ['cis', 'nsa'] as const) {
    const told = judgeBenchmark(snapshot(apiServer()), { benchmark });
    assert.equal(new Set(told.rows.map(({ section }) => section)).size, benchmark === 'cis' ? 16 : 5);
    assert.equal(
      Object.values(told.counts).reduce((a, b) => a + b),
      told.rows.length,
    );
    assert.ok(told.rows.every(({ why }) => why !== ''));
    assert.doesNotMatch(renderBenchmark(told, 'a\u001b[31m test', false), /\u001b/);
  }
  const first = judgeBenchmark(snapshot([]), { benchmark: 'cis', levelMax: 1 });
  assert.ok(first.rows.every(({ level }) => level === 1));
});

/** What kubeadm 1.36 writes into the manifests of a control plane that nobody changed. */
const kubeadm: Record<string, string> = {
  'kube-apiserver': `--advertise-address=192.0.2.10 --allow-privileged=true --authorization-mode=Node,RBAC
    --client-ca-file=/etc/kubernetes/pki/ca.crt --enable-admission-plugins=NodeRestriction
    --enable-bootstrap-token-auth=true --etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt
    --etcd-certfile=/etc/kubernetes/pki/apiserver-etcd-client.crt
    --etcd-keyfile=/etc/kubernetes/pki/apiserver-etcd-client.key --etcd-servers=https://127.0.0.1:2379
    --kubelet-client-certificate=/etc/kubernetes/pki/apiserver-kubelet-client.crt
    --kubelet-client-key=/etc/kubernetes/pki/apiserver-kubelet-client.key --secure-port=6443
    --service-account-key-file=/etc/kubernetes/pki/sa.pub --tls-cert-file=/etc/kubernetes/pki/apiserver.crt
    --tls-private-key-file=/etc/kubernetes/pki/apiserver.key`,
  'kube-controller-manager': `--bind-address=127.0.0.1 --root-ca-file=/etc/kubernetes/pki/ca.crt
    --service-account-private-key-file=/etc/kubernetes/pki/sa.key --use-service-account-credentials=true`,
  'kube-scheduler': '--bind-address=127.0.0.1 --kubeconfig=/etc/kubernetes/scheduler.conf --leader-elect=true',
  etcd: `--cert-file=/etc/kubernetes/pki/etcd/server.crt --client-cert-auth=true
    --key-file=/etc/kubernetes/pki/etcd/server.key --peer-cert-file=/etc/kubernetes/pki/etcd/peer.crt
    --peer-client-cert-auth=true --peer-key-file=/etc/kubernetes/pki/etcd/peer.key
    --trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt`,
};

test('a control plane as kubeadm leaves it fails what is known to fail there, and nothing else', () => {
  const pods = Object.entries(kubeadm).map(([name, flags]) => mirror(name, [name, ...flags.split(/\s+/)]));
  const { rows } = report([node('a', { labels: { 'node-role.kubernetes.io/control-plane': '' } }), ...pods]);
  const failing = rows.filter(({ id, verdict }) => /^CIS [123]\./.test(id) && verdict === 'fail').map(({ id }) => id);
  assert.deepEqual(
    failing.map((id) => id.slice('CIS '.length)),
    [
      ...['1.2.1', '1.2.3', '1.2.5', '1.2.9', '1.2.11', '1.2.15', '1.2.16', '1.2.17', '1.2.18', '1.2.19'],
      ...['1.2.27', '1.2.28', '1.2.29', '1.2.30', '1.3.1', '1.3.2', '1.4.1', '3.2.1', '3.2.2'],
    ],
  );
});

test('objects of the wrong shape are not assessed, and the others are', () => {
  const broken = (kind: string, apiVersion: string, fields: object): Manifest =>
    ({
      apiVersion,
      kind,
      metadata: { name: 'a', namespace: 'kube-system', annotations: mirrored },
      ...fields,
    }) as Manifest;
  const hostile = [
    broken('Pod', 'v1', { spec: { containers: [null, { command: 'kube-apiserver', args: { a: 1 }, env: [7] }] } }),
    broken('Pod', 'v1', { spec: 'many' }),
    broken('Node', 'v1', { status: { conditions: 'all' }, metadata: { name: 'a', labels: 'x' } }),
    broken('CertificateSigningRequest', 'certificates.k8s.io/v1', {
      ...{ spec: { signerName: 'kubernetes.io/kube-apiserver-client' }, status: { conditions: 'Approved' } },
    }),
    broken('CustomResourceDefinition', 'apiextensions.k8s.io/v1', { spec: [] }),
  ];
  for (const source of ['cluster', 'manifests'] as const)
    for (const closedByDefault of [true, false]) {
      const { rows } = report(hostile, { source, closedByDefault });
      assert.equal(rows.length, 131);
      assert.equal(rows.find(({ id }) => id === 'CIS 5.1.1')!.verdict, 'not applicable');
    }
});

test('an exception waives what it names until its last day, and is listed', () => {
  const binding: Manifest = {
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'ops' } },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'User', name: 'ops' } as never],
  };
  const exception: Manifest = {
    ...{ apiVersion: 'defence.rempart.io/v1alpha1', kind: 'Exception' },
    metadata: { name: 'emergency', namespace: 'kube-system' },
    spec: {
      ...{ check: 'rbac/cluster-admin', object: { kind: 'ClusterRoleBinding', name: 'ops' } },
      ...{ reason: 'for the night shift', owner: 'ops', expires: '2026-06-30' },
    },
  };
  const at = (day: string) => report([binding, exception], { takenAtMs: Date.parse(day) });
  const [during, after] = [at('2026-06-30'), at('2026-07-01')];
  const item = ({ rows }: typeof during) => rows.find(({ id }) => id === 'CIS 5.1.1')!;
  assert.equal(rowOf([binding], '5.1.1').verdict, 'fail');
  assert.equal(item(during).verdict, 'pass');
  assert.match(item(during).why, /1 waived by emergency/);
  assert.equal(item(after).verdict, 'fail');
  assert.deepEqual(
    [during, after].map(({ exceptions }) => exceptions.map(({ name, used, expired }) => [name, used, expired])),
    [[['emergency', true, false]], [['emergency', true, true]]],
  );
  assert.match(renderBenchmark(after, 'a test', false), /EXPIRED 2026-06-30.*night shift \(ops\)/);
});

test('roles that every cluster has are waived by the built-in exception, in a live cluster only', () => {
  const role: Manifest = {
    ...{
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'system:aggregate-to-edit' },
    },
    rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
  };
  assert.match(rowOf([role], '5.1.2').why, /waived by system-rights/);
  assert.equal(rowOf([role], '5.1.2', { source: 'manifests' }).verdict, 'fail');
});
