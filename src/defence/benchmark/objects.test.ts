import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Manifest } from '../contract.ts';
import { createSnapshot, type Snapshot } from '../snapshot/snapshot.ts';
import type { Outcome, OutcomeVerdict } from './item.ts';
import {
  clientCertificatesOfPeople,
  externalSecretStore,
  imageProvenance,
  membersOfMasters,
  namespacesAsBoundaries,
  networkSupportsPolicies,
  proxyMetrics,
} from './objects.ts';

const object = (apiVersion: string, kind: string, name: string, fields: object = {}): Manifest => ({
  ...{ apiVersion, kind, metadata: { name } },
  ...fields,
});
const daemons = (name: string) => object('apps/v1', 'DaemonSet', name);
const proxy = (text: string): Manifest => ({
  ...object('v1', 'ConfigMap', 'kube-proxy', { data: { 'config.conf': text } }),
  metadata: { name: 'kube-proxy', namespace: 'kube-system' },
});
const pod = (namespace: string): Manifest => ({
  ...object('v1', 'Pod', 'a', { spec: {} }),
  metadata: { name: 'a', namespace },
});
const request = (signerName: string, type: string) =>
  object('certificates.k8s.io/v1', 'CertificateSigningRequest', 'eve', {
    ...{ spec: { signerName }, status: { conditions: [{ type }] } },
  });
const definition = (group: string) =>
  object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', `a.${group}`, { spec: { group } });
const webhook = (name: string) => object('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', name);
const masters = (name: string) =>
  object('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', name, {
    subjects: [{ kind: 'Group', name: 'system:masters' }],
  });
const toUsers = 'kubernetes.io/kube-apiserver-client';

const cases: [judge: (snapshot: Snapshot) => Outcome, objects: Manifest[], verdict: OutcomeVerdict][] = [
  [networkSupportsPolicies, [daemons('calico-node')], 'pass'],
  [networkSupportsPolicies, [daemons('cilium'), daemons('kube-flannel-ds')], 'pass'],
  [networkSupportsPolicies, [daemons('kube-flannel-ds')], 'fail'],
  [networkSupportsPolicies, [daemons('logs')], 'not assessed'],
  [networkSupportsPolicies, [daemons('kindnet')], 'not assessed'],
  [membersOfMasters, [masters('cluster-admin')], 'not assessed'],
  [membersOfMasters, [masters('ours')], 'fail'],
  [proxyMetrics, [proxy('metricsBindAddress: ""')], 'pass'],
  [proxyMetrics, [proxy('metricsBindAddress: 127.0.0.1:10249')], 'pass'],
  [proxyMetrics, [proxy('metricsBindAddress: 0.0.0.0:10249')], 'fail'],
  [proxyMetrics, [proxy('a: [')], 'not assessed'],
  [proxyMetrics, [], 'not assessed'],
  [clientCertificatesOfPeople, [request(toUsers, 'Approved')], 'fail'],
  [clientCertificatesOfPeople, [request(toUsers, 'Denied')], 'not assessed'],
  [clientCertificatesOfPeople, [request('kubernetes.io/kubelet-serving', 'Approved')], 'not assessed'],
  [externalSecretStore, [definition('external-secrets.io')], 'pass'],
  [externalSecretStore, [definition('example.org')], 'fail'],
  [imageProvenance, [webhook('policy.sigstore.dev')], 'pass'],
  [imageProvenance, [webhook('istio')], 'fail'],
  [imageProvenance, [webhook('kyverno-resource-validating-webhook-cfg')], 'not assessed'],
  [namespacesAsBoundaries, [pod('shop'), pod('default')], 'pass'],
  [namespacesAsBoundaries, [pod('default')], 'fail'],
  [namespacesAsBoundaries, [pod('kube-system')], 'not applicable'],
];

for (const [judge, objects, verdict] of cases)
  test(`${judge.name}: ${verdict} with ${objects.map(({ metadata }) => metadata.name)}`, () => {
    const parts = { source: 'cluster', closedByDefault: false, takenAtMs: 0, minor: 36 } as const;
    assert.equal(judge(createSnapshot({ ...parts, objects, unread: [] })).verdict, verdict);
    const unread = [
      ...['DaemonSet.apps', 'ConfigMap', 'Pod', 'CertificateSigningRequest.certificates.k8s.io'],
      ...['CustomResourceDefinition.apiextensions.k8s.io', 'ClusterRoleBinding.rbac.authorization.k8s.io'],
      'ValidatingWebhookConfiguration.admissionregistration.k8s.io',
    ].map((kind) => ({ kind, why: 'forbidden' }));
    assert.equal(judge(createSnapshot({ ...parts, objects, unread })).verdict, 'not assessed', 'nothing could be read');
  });
