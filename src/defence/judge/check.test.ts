import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { apiVersionOf } from '../../api/kind.ts';
import { builtInResources, pathOf } from '../../client/resources.ts';
import { startServer, type TestServer, testAdmin } from '../../server/testing/start.ts';
import type { Manifest } from '../contract.ts';
import { check, exitCodeOf, render, reportFormats } from '../defence.ts';
import { exampleDeployment, examplePod } from '../workload.ts';

const textOf = (...words: Parameters<typeof render>) => [...render(...words)].join('');

const folder = mkdtempSync(join(tmpdir(), 'rempart-check-live-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
async function cluster(): Promise<{ server: TestServer; kubeconfig: string }> {
  const server = await startServer({ namespaces: ['default', 'kube-system', 'shop'] });
  after(() => server.stop());
  const kubeconfig = join(folder, `config-${count++}`);
  await server.writeKubeconfig(kubeconfig);
  return { server, kubeconfig };
}

async function make(server: TestServer, object: Manifest): Promise<Manifest> {
  const { apiVersion, kind, metadata } = object;
  const resource = [...builtInResources.values()].find(
    (each) => apiVersionOf(each) === apiVersion && each.kind === kind,
  );
  const path = pathOf(resource!, { namespace: metadata.namespace });
  const { code, body } = await server.call(testAdmin, { method: 'POST', path, body: object });
  assert.equal(code, 201, body.message);
  return body;
}

const ownedBy = ({ apiVersion, kind, metadata }: Manifest) => [
  { apiVersion, kind, name: metadata.name, uid: metadata.uid!, controller: true },
];

function tagLatest(spec: Record<string, any>): void {
  spec['containers'][0].image = 'registry.example/web:latest';
}

/** A Deployment with what its controllers make of it: a ReplicaSet of now, one of before, and three pods. */
async function rollOut(server: TestServer, change: (pod: Record<string, any>) => void) {
  const deployment = await make(
    server,
    exampleDeployment(({ spec }) => change(spec.template.spec)),
  );
  const set = (name: string, replicas: number): Manifest => ({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, namespace: 'shop', ownerReferences: ownedBy(deployment) },
    spec: { ...deployment['spec'], replicas, strategy: undefined },
  });
  const current = await make(server, set('web-2', 3));
  await make(server, set('web-1', 0));
  const pod = (name: string): Manifest => {
    const made = examplePod((pod) => {
      pod['spec'] = structuredClone(deployment['spec'].template.spec);
      Object.assign(pod['metadata'], { name, ownerReferences: ownedBy(current) });
    });
    return made;
  };
  for (const name of ['web-2-a', 'web-2-b']) await make(server, pod(name));
  return pod;
}

test('what controllers made is told once, at its owner, with how many there are; what differs is told where it is', async () => {
  const { server, kubeconfig } = await cluster();
  const pod = await rollOut(server, tagLatest);
  const injected = pod('web-2-c');
  injected['spec'].containers.push({ name: 'sidecar', image: 'registry.example/sidecar:latest' });
  await make(server, injected);
  const report = await check({ kubeconfig, nowMs: 0 });
  const found = report.failures
    .filter(({ check }) => check.id === 'image-tag')
    .map(({ judged, finding, made }) => [judged.object.metadata.name, finding.detail.slice(0, 20), made]);
  assert.deepEqual(found, [
    ['web', 'container "web": reg', 4],
    ['web-2-c', 'container "sidecar":', 0],
  ]);
  for (const format of ['table', 'html', 'junit', 'sarif'] as const)
    assert.match(textOf(report, format), /\(and 4 that controllers made of it\)/, format);
  assert.equal(JSON.parse(textOf(report, 'json')).findings.find(({ made }: { made?: number }) => made)?.made, 4);
});

test('a patch is offered of what an API server would take it for: no live pod', async () => {
  const { server, kubeconfig } = await cluster();
  const { metadata, spec } = exampleDeployment();
  spec.template.spec.enableServiceLinks = true;
  await make(server, { ...exampleDeployment(), metadata, spec });
  await make(
    server,
    examplePod(({ metadata }) => {
      metadata.name = 'bare';
    }),
  );
  const report = await check({ kubeconfig, nowMs: 0 });
  const found = report.failures
    .filter(({ check }) => check.id === 'service-links')
    .map(({ judged, mend }) => [judged.object.kind, mend() !== undefined]);
  assert.deepEqual(found.sort(), [
    ['Deployment', true],
    ['Pod', false],
  ]);
  assert.doesNotMatch(textOf(report, 'table'), /rempart reader/);
});

test('what the cluster consists of is exempt by name, and listed', async () => {
  const { server, kubeconfig } = await cluster();
  await make(
    server,
    examplePod(({ metadata, spec }) => {
      metadata.namespace = 'kube-system';
      spec.hostNetwork = true;
    }),
  );
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const apiGroup = 'rbac.authorization.k8s.io';
  const bind = (name: string, subject: object): Manifest => ({
    ...{ apiVersion, kind: 'ClusterRoleBinding', metadata: { name } },
    roleRef: { apiGroup, kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [subject],
  });
  await make(server, bind('cluster-admin', { apiGroup, kind: 'Group', name: 'system:masters' }));
  await make(server, bind('rempart:reader', { apiGroup, kind: 'Group', name: 'rempart:admins' }));
  await make(server, bind('system:helper', { apiGroup, kind: 'User', name: 'mallory' }));
  const report = await check({ kubeconfig, nowMs: 0 });
  assert.deepEqual(
    report.failures
      .filter(({ check }) => check.id === 'rbac/cluster-admin')
      .map(({ judged }) => judged.object.metadata.name),
    ['rempart:reader', 'system:helper'],
  );
  assert.ok(!report.failures.some(({ check }) => check.id === 'exposure/host-network'));
  for (const format of reportFormats)
    assert.match(textOf(report, format), /system-pods|pods of kube-system are/, format);
});

const exception = (fields: object = {}) =>
  JSON.stringify({
    ...{ apiVersion: 'defence.rempart.io/v1alpha1', kind: 'Exception', metadata: { name: 'latest' } },
    spec: {
      ...{ check: 'image-tag', object: { kind: 'Pod', name: 'web' } },
      ...{ reason: 'a test', owner: 'web@example.org', expires: '2027-01-01' },
      ...fields,
    },
  });

test('exceptions in a cluster count for their namespace; those that cannot count are told and fail', async () => {
  const { server, kubeconfig } = await cluster();
  const nowMs = Date.parse('2026-12-01');
  await make(
    server,
    examplePod(({ spec }) => tagLatest(spec)),
  );
  const data = {
    valid: exception(),
    'of-others': exception({ object: { kind: 'Pod', namespace: 'default', name: 'web' } }),
    'without-owner': exception({ owner: '' }),
    broken: 'a: [1',
  };
  const labels = { 'defence.rempart.io/exceptions': 'true' };
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'e', namespace: 'shop', labels }, data };
  await make(server, map);
  const report = await check({ kubeconfig, nowMs });
  assert.deepEqual(
    report.failures.filter(({ check }) => check.id === 'image-tag'),
    [],
  );
  assert.equal(
    report.waived.find(({ failure }) => failure.check.id === 'image-tag')?.exception.from,
    'ConfigMap shop/e, key valid',
  );
  const told = report.unreadable.map(({ what, why }) => `${what}: ${why}`).join('\n');
  assert.match(told, /^exception in ConfigMap shop\/e, key broken: line 1: Flow sequence/m);
  assert.match(told, /^exception in ConfigMap shop\/e, key of-others: counts for objects of its own namespace/m);
  assert.match(told, /^exception in ConfigMap shop\/e, key without-owner: exception "latest" needs spec\.owner$/m);
  assert.notEqual(exitCodeOf(report, 'critical'), 0);
  const expired = await check({ kubeconfig, nowMs: Date.parse('2027-01-02') });
  assert.equal(expired.failures.filter(({ check }) => check.id === 'image-tag').length, 1);
  assert.equal(exitCodeOf(expired, 'critical'), 2);
});

test('a live cluster is not fixed, and is told how', async () => {
  const { kubeconfig } = await cluster();
  await assert.rejects(check({ kubeconfig, nowMs: 0 }, { fix: true }), /kubectl patch/);
});
