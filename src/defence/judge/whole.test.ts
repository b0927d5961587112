import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { stringify } from 'yaml';
import { exampleDeployment, examplePod } from '../workload.ts';
import { check, exitCodeOf } from './check.ts';

async function checkOf(context: TestContext, ...objects: object[]) {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-whole-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'all.yaml');
  writeFileSync(file, objects.map((object) => stringify(object)).join('---\n'));
  const report = await check({ path: file, nowMs: 0 });
  const told = (list: { what: string; why: string }[]) =>
    list.filter(({ what }) => what.includes(':')).map(({ what, why }) => `${what.replace(file, 'all.yaml')}: ${why}`);
  return { report, unreadable: told(report.unreadable), unassessed: told(report.unassessed) };
}

test('a value of a wrong type is no clean verdict: the object is unreadable, where it stands, and the exit code says so', async (context) => {
  const pod = examplePod(({ spec }) => {
    spec.hostNetwork = 'true';
  });
  const { report, unreadable } = await checkOf(context, pod);
  assert.equal(unreadable.length, 1);
  assert.match(
    unreadable[0]!,
    /^all\.yaml:1 Pod shop\/web: an API server refuses it: .*PodSpec\.spec\.hostNetwork of type bool$/,
  );
  assert.equal(report.objects, 0);
  assert.equal(exitCodeOf(report, 'low'), 3);
});

test('fields that Kubernetes does not know are told; the rest is judged as an API server keeps it', async (context) => {
  const pod = examplePod(({ spec }) => {
    spec.hostnetwork = true;
  });
  const { report, unassessed } = await checkOf(context, pod);
  assert.equal(report.objects, 1);
  assert.match(unassessed.find((line) => line.includes('does not know'))!, /: spec\.hostnetwork$/);
});

test('a workload without a pod in it, such as a patch of kustomize, is not assessed instead of passed', async (context) => {
  const patch = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas: 3 } };
  const misplaced = exampleDeployment((deployment) => {
    deployment['spec'] = { containers: deployment['spec'].template.spec.containers };
  });
  const { report, unassessed } = await checkOf(context, patch, misplaced);
  assert.equal(report.objects, 0);
  assert.equal(unassessed.filter((line) => /spec\.template\.spec\.containers is not there/.test(line)).length, 2);
});

test('what is left out is unread, not absent: no verdict rests on there being no such object', async (context) => {
  const policy = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'deny', namespace: 'shop' },
    spec: { podSelector: {}, policyTypes: 'Ingress' },
  };
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
  const { report } = await checkOf(context, policy, namespace, examplePod());
  const about = report.unassessed.find(({ check }) => check === 'network-policy/missing');
  assert.match(about!.why, /^NetworkPolicy\.networking\.k8s\.io could not be read: .*NetworkPolicy shop\/deny/);
  assert.ok(!report.failures.some((failure) => failure.check.id === 'network-policy/missing'));
});

test('manifests of versions that are not served any more, and of custom resources, are judged as before', async (context) => {
  const old = { ...exampleDeployment(), apiVersion: 'extensions/v1beta1' };
  const custom = { apiVersion: 'example.com/v1', kind: 'Route', metadata: { name: 'a' }, spec: [null] };
  const { report, unreadable } = await checkOf(context, old, custom);
  assert.equal(report.objects, 2);
  assert.deepEqual(unreadable, []);
});

test('an object that stands twice and differs is judged each time, and what both come to is not assessed', async (context) => {
  const { report, unassessed } = await checkOf(
    context,
    examplePod(),
    examplePod(),
    examplePod(({ spec }) => {
      spec.hostPID = true;
    }),
  );
  assert.equal(report.objects, 3);
  assert.ok(report.failures.some((failure) => failure.check.id === 'pod-security/hostNamespaces'));
  const told = unassessed.filter((line) => line.includes('it stands here twice'));
  assert.equal(told.length, 1);
  assert.match(told[0]!, /^all\.yaml:\d+ Pod shop\/web: what both come to/);
});

test('a NetworkPolicy that leaves its namespace and its defaults to the API server is not refused', async (context) => {
  const policy = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'web' },
    spec: { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] },
  };
  assert.deepEqual((await checkOf(context, policy)).unreadable, []);
});

test('what an API server refuses is told once, whatever it is, and judged all the same', async (context) => {
  const privileged = exampleDeployment(({ spec }) => {
    spec.template.spec.containers[0].securityContext.privileged = true;
  });
  const role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'wide' },
    rules: [{ apiGroups: [''], resources: ['secrets'] }],
  };
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'Web', namespace: 'shop' } };
  const { report, unreadable } = await checkOf(context, privileged, role, service);
  assert.deepEqual(
    unreadable.map((line) => line.replace(/Invalid value.*?(?= \(and|$)/, '…').replace(/^\S+ /, '')),
    [
      'Deployment shop/web: an API server refuses it: spec.template.spec.containers[0].securityContext: …',
      'ClusterRole wide: an API server refuses it: rules[0].verbs: Required value: verbs must contain at least one value',
      'Service shop/Web: an API server refuses it: metadata.name: … (and 1 more)',
    ],
  );
  assert.equal(report.objects, 3);
  assert.ok(report.failures.some(({ check: { id } }) => id === 'pod-security/privileged'));
});

test('where nothing else is wrong, a refusal is no clean verdict', async (context) => {
  const deployment = exampleDeployment(({ spec }) => {
    spec.selector.matchLabels = { app: 'other' };
  });
  const { report } = await checkOf(context, deployment);
  assert.equal(exitCodeOf(report, 'critical'), 3);
});

test('what is created without a name or a namespace, or has one too many, is not refused; nor what a cluster has', async (context) => {
  const { spec } = examplePod();
  const template = { metadata: { labels: { 'controller-uid': 'a' } }, spec: { ...spec, restartPolicy: 'Never' } };
  const job = (metadata: object, more: object = {}) => ({
    ...{ apiVersion: 'batch/v1', kind: 'Job', metadata },
    spec: { template, ...more },
  });
  const owned = { selector: { matchLabels: { 'controller-uid': 'a' } } };
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { generateName: 'a-' } };
  const role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'reader', namespace: 'shop' },
    rules: [],
  };
  const kept = job({ name: 'kept', namespace: 'shop', uid: 'a' }, owned);
  const { unreadable } = await checkOf(context, account, role, job({ name: 'new' }), kept);
  assert.deepEqual(unreadable, []);
  assert.equal((await checkOf(context, job({ name: 'new' }, owned))).unreadable.length, 1);
});

test('a NetworkPolicy that an API server refuses protects nobody', async (context) => {
  const policy = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'deny', namespace: 'shop' },
    spec: { podSelector: {}, ingress: [{ ports: [{ port: 90, endPort: 80 }] }] },
  };
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
  const { report, unreadable } = await checkOf(context, policy, namespace, examplePod());
  assert.match(unreadable[0]!, /NetworkPolicy shop\/deny: an API server refuses it: spec\.ingress\[0\]\.ports\[0\]/);
  assert.match(
    report.unassessed.find(({ check }) => check === 'network-policy/missing')!.why,
    /^NetworkPolicy\.networking\.k8s\.io could not be read/,
  );
});
