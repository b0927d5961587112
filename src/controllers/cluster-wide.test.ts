import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  CertificateSigningRequest,
  ClusterRole,
  Pod,
  PodDisruptionBudget,
  ResourceQuota,
} from '../api/schema/types.d.ts';
import type { CertificateRequest } from '../foundation/x509/certificate-request.ts';
import { whyNot } from './certificate-requests.ts';
import { aggregate, clusterRoleAggregationController } from './cluster-role-aggregation.ts';
import { budgetStatus, disruptionController } from './disruption.ts';
import { ephemeralVolumeController } from './ephemeral-volume.ts';
import { resourceQuotaController } from './resource-quota.ts';
import { rootCaController } from './root-ca.ts';
import { serviceAccountController } from './service-account.ts';
import { startCluster } from './testing/cluster.ts';

test('every namespace has its service account and the authority, also when somebody removes or changes them', async (t) => {
  const controllers = [serviceAccountController(), rootCaController(() => 'PEM')];
  const { client, caches, eventually } = await startCluster(t, controllers);
  await client.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  const account = () => caches('serviceaccounts').get('shop', 'default');
  const authority = () => caches('configmaps').get('shop', 'kube-root-ca.crt')?.['data']['ca.crt'];
  const first = await eventually('serviceaccounts', account);
  await eventually('configmaps', () => authority() === 'PEM');
  await client.delete('serviceaccounts', { namespace: 'shop', name: 'default' });
  await eventually('serviceaccounts', () => account() && account()!.metadata.uid !== first.metadata.uid);
  const body = { data: { 'ca.crt': 'FORGED' } };
  await client.patch('configmaps', { namespace: 'shop', name: 'kube-root-ca.crt' }, { type: 'merge', body });
  await eventually('configmaps', () => authority() === 'FORGED');
  await eventually('configmaps', () => authority() === 'PEM');
});

const budget = (spec: object) =>
  ({
    ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { namespace: 'default', name: 'b' } },
    spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
  }) as PodDisruptionBudget;
const pod = (name: string, isReady = true): Pod =>
  ({
    metadata: { name, namespace: 'default', labels: { app: 'web' } },
    status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
  }) as unknown as Pod;

test('a budget says how many pods may go', () => {
  const allowed = (spec: object, pods: Pod[], wanted: number) => {
    const { desiredHealthy, currentHealthy, disruptionsAllowed } = budgetStatus(budget(spec), pods, wanted, 0);
    return [desiredHealthy, currentHealthy, disruptionsAllowed];
  };
  const three = [pod('a'), pod('b'), pod('c', false)];
  assert.deepEqual(allowed({ minAvailable: 1 }, three, 3), [1, 2, 1]);
  assert.deepEqual(allowed({ minAvailable: '50%' }, three, 3), [2, 2, 0]);
  assert.deepEqual(allowed({ maxUnavailable: 1 }, three, 3), [2, 2, 0]);
  assert.deepEqual(allowed({ maxUnavailable: 1 }, three, 4), [3, 2, 0]);
  assert.deepEqual(allowed({ minAvailable: 0 }, [], 0), [0, 0, 0]);
});

test('a pod whose eviction was allowed is not healthy any longer, for two minutes', () => {
  const old = { ...budget({ minAvailable: 1 }), status: { disruptedPods: { a: '1970-01-01T00:00:00Z' } } };
  const at = (nowMs: number) => budgetStatus(old as unknown as PodDisruptionBudget, [pod('a'), pod('b')], 2, nowMs);
  assert.deepEqual([at(1000).disruptionsAllowed, at(1000).disruptedPods], [0, { a: '1970-01-01T00:00:00Z' }]);
  assert.deepEqual([at(121_000).disruptionsAllowed, at(121_000).disruptedPods], [1, undefined]);
});

test('a budget follows its pods', async (t) => {
  const { client, caches, eventually, playNode } = await startCluster(t, [disruptionController()]);
  playNode('n1');
  await client.create('poddisruptionbudgets.policy', budget({ minAvailable: 1 }));
  for (const name of ['a', 'b']) {
    const { metadata } = pod(name);
    await client.create('pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
  }
  const now = () => caches('poddisruptionbudgets.policy').get('default', 'b') as PodDisruptionBudget | undefined;
  await eventually('poddisruptionbudgets.policy', () => now()?.status?.disruptionsAllowed === 1);
});

test('a quota shows what its namespace uses', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [resourceQuotaController()]);
  const metadata = { namespace: 'default', name: 'q' };
  const hard = { pods: '5', 'requests.cpu': '2', 'count/configmaps': '9' };
  await client.create('resourcequotas', { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard } });
  await client.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata });
  const containers = [{ name: 'c', image: 'i', resources: { requests: { cpu: '500m' } } }];
  await client.create('pods', { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } });
  const used = () => (caches('resourcequotas').get('default', 'q') as ResourceQuota | undefined)?.status?.used;
  await eventually('resourcequotas', () => used()?.['pods'] === '1' && used()?.['count/configmaps'] === '1');
  assert.equal(used()!['requests.cpu'], '500m');
});

test('an aggregated role is the sum of those its selectors choose', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [clusterRoleAggregationController()]);
  const role = (name: string, extra: object) => ({
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' },
    ...{ metadata: { name, labels: { part: 'yes' } }, ...extra },
  });
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { part: 'yes' } }] };
  const roles = 'clusterroles.rbac.authorization.k8s.io';
  await client.create(roles, role('sum', { aggregationRule, rules: [] }));
  await client.create(roles, role('part', { rules }));
  await eventually(roles, () => caches(roles).get('', 'sum')?.['rules']?.length === 1);
  const twice = [role('a', { rules }), role('b', { rules })] as unknown as ClusterRole[];
  assert.deepEqual(aggregate(role('sum', { aggregationRule }) as unknown as ClusterRole, twice), rules);
});

test('an ephemeral volume gets a claim that belongs to its pod', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [ephemeralVolumeController()]);
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const volumes = [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec } } }];
  const metadata = { namespace: 'default', name: 'p' };
  const created = await client.create('pods', {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata },
    spec: { containers: [{ name: 'c', image: 'i' }], volumes },
  });
  const claim = await eventually('persistentvolumeclaims', () =>
    caches('persistentvolumeclaims').get('default', 'p-scratch'),
  );
  assert.equal(claim.metadata.ownerReferences![0]!.uid, created.metadata.uid);
});

test('what a signer refuses, whoever approved it', () => {
  const request = (signerName: string, usages: string[], username = 'system:node:n1') =>
    ({ spec: { signerName: `kubernetes.io/${signerName}`, usages, username } }) as CertificateSigningRequest;
  const asked = (extra: Partial<CertificateRequest> = {}): CertificateRequest => ({
    ...{ commonName: 'system:node:n1', organizations: ['system:nodes'], publicKey: Buffer.alloc(0) },
    ...{ dns: [], addresses: [], emails: [], uris: [], ...extra },
  });
  const client = request('kube-apiserver-client-kubelet', ['client auth', 'digital signature']);
  assert.equal(whyNot(client, asked()), undefined);
  assert.match(whyNot(client, asked({ organizations: ['system:masters'] }))!, /must be system:nodes/);
  assert.match(whyNot(client, asked({ commonName: 'admin' }))!, /system:node:NAME/);
  assert.match(whyNot(client, asked({ dns: ['x'] }))!, /no DNS names/);
  assert.match(whyNot(request('kube-apiserver-client-kubelet', ['server auth']), asked())!, /must hold "client auth"/);
  const serving = request('kubelet-serving', ['server auth']);
  assert.equal(whyNot(serving, asked({ addresses: ['10.0.0.1'] })), undefined);
  assert.match(whyNot(serving, asked())!, /needs a DNS name/);
  assert.match(whyNot(request('kubelet-serving', ['server auth'], 'eve'), asked({ dns: ['x'] }))!, /its own/);
});
