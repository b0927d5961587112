import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type { CertificateSigningRequest } from '../api/schema/types.d.ts';
import type { CertificateRequest } from '../foundation/x509/certificate-request.ts';
import { buildCertificateRequest } from '../foundation/x509/testing/build-certificate-request.ts';
import { certificateRequester } from '../server/admission/certificate-signers.ts';
import {
  certificateApprovalController,
  certificateRequestCleaner,
  certificateSigningController,
  expiryMs,
  whyNot,
} from './certificate-requests.ts';
import { startCluster } from './testing/cluster.ts';

test('what a signer refuses, whoever approved it', () => {
  const request = (signerName: string, usages: string[], username = 'system:node:n1') =>
    ({ spec: { signerName: `kubernetes.io/${signerName}`, usages, username } }) as CertificateSigningRequest;
  const asked = (extra: Partial<CertificateRequest> = {}): CertificateRequest => ({
    ...{ commonName: 'system:node:n1', organizations: ['system:nodes'], publicKey: Buffer.alloc(0) },
    ...{ dns: [], addresses: [], emails: [], uris: [], ...extra },
  });
  const client = request('kube-apiserver-client-kubelet', ['client auth', 'digital signature']);
  assert.equal(whyNot(client, asked()), undefined);
  assert.match(whyNot(client, asked({ organizations: ['system:masters'] }))!, /system:masters is not given/);
  assert.match(whyNot(client, asked({ commonName: 'admin' }))!, /system:node:NAME/);
  assert.match(whyNot(client, asked({ dns: ['x'] }))!, /no DNS names/);
  assert.match(whyNot(request('kube-apiserver-client-kubelet', ['server auth']), asked())!, /must hold "client auth"/);
  const serving = request('kubelet-serving', ['server auth']);
  assert.equal(whyNot(serving, asked({ addresses: ['10.0.0.1'], dns: ['n1'] }), ['n1', '10.0.0.1']), undefined);
  for (const foreign of [{ dns: ['kubernetes.default.svc'] }, { dns: ['n1'], addresses: ['10.96.0.1'] }])
    assert.match(whyNot(serving, asked(foreign), ['n1', '10.0.0.1'])!, /the Node does not have/);
  assert.match(whyNot(serving, asked())!, /needs a DNS name/);
  assert.match(whyNot(request('kubelet-serving', ['server auth'], 'eve'), asked({ dns: ['x'] }))!, /its own/);
});

const requests = 'certificatesigningrequests.certificates.k8s.io';
const nodeRequest = (name: string, commonName: string, addresses: string[] = []) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = buildCertificateRequest({ commonName, organizations: ['system:nodes'] }, privateKey, { addresses });
  return {
    ...{ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name } },
    spec: {
      request: Buffer.from(pem).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
      usages: ['client auth', 'digital signature'],
      expirationSeconds: 3600,
    },
  };
};

test('a node that may join is approved and signed; one that asks for another name fails to be', async (t) => {
  const signed: unknown[] = [];
  const controllers = [
    certificateApprovalController(),
    certificateRequestCleaner(),
    certificateSigningController((_key, { subject, lifetimeMs }) => {
      signed.push([subject.commonName, lifetimeMs]);
      return 'PEM';
    }),
  ];
  const { client, caches, eventually } = await startCluster(t, controllers, [certificateRequester]);
  await client.create(requests, nodeRequest('joins', 'system:node:n1'));
  const now = (name: string) => caches(requests).get('', name) as CertificateSigningRequest | undefined;
  await eventually(requests, () => now('joins')?.status?.certificate === Buffer.from('PEM').toString('base64'));
  assert.deepEqual(signed, [['system:node:n1', 3_600_000]]);

  const forged = await client.create<CertificateSigningRequest>(requests, nodeRequest('forged', 'system:admin'));
  const conditions = [{ type: 'Approved', status: 'True', reason: 'ByHand', message: '' }];
  await client.update(requests, { ...forged, status: { conditions } } as any, { subresource: 'approval' });
  await eventually(requests, () => now('forged')?.status?.conditions?.some(({ type }) => type === 'Failed'));
  assert.equal(now('forged')!.status!.certificate, undefined);
});

test('who may let nodes join takes no node over that is there', async (t) => {
  const { client, caches, eventually } = await startCluster(
    t,
    [certificateApprovalController()],
    [certificateRequester],
  );
  await client.create('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } } as any);
  await eventually('nodes', () => caches('nodes').get('', 'n1'));
  await client.create(requests, nodeRequest('taken', 'system:node:n1'));
  await client.create(requests, nodeRequest('joins', 'system:node:n2'));
  const conditionsOf = (name: string) => (caches(requests).get('', name) as any)?.status?.conditions;
  await eventually(requests, () => conditionsOf('joins') !== undefined);
  const told = await eventually('events', () =>
    caches('events')
      .list()
      .find((event) => event['regarding']?.name === 'taken' || event['involvedObject']?.name === 'taken'),
  );
  assert.match(told['message'] ?? told['note'], /Node n1 exists: .*kubectl certificate approve taken/);
  assert.equal(conditionsOf('taken'), undefined);
  await client.delete('nodes', { name: 'n1' });
  await eventually(requests, () => conditionsOf('taken') !== undefined);
});

test('a serving certificate is for the addresses that its Node has', async (t) => {
  const sign = () => 'PEM';
  const { client, caches, eventually } = await startCluster(t, [certificateSigningController(sign)], []);
  const addresses = [{ type: 'InternalIP', address: '10.0.0.1' }];
  const node = await client.create<any>('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } } as any);
  await client.update('nodes', { ...node, status: { addresses } }, { subresource: 'status' });
  const conditions = [{ type: 'Approved', status: 'True', reason: 'ByHand', message: '' }];
  const outcomeOf = async (name: string, asked: string[]) => {
    const made = nodeRequest(name, 'system:node:n1', asked);
    const spec = { ...made.spec, signerName: 'kubernetes.io/kubelet-serving', usages: ['server auth'] };
    const request = await client.create<any>(requests, {
      ...made,
      spec: { ...spec, username: 'system:node:n1' },
    } as any);
    await client.update(requests, { ...request, status: { conditions } }, { subresource: 'approval' });
    const status = () => (caches(requests).get('', name) as CertificateSigningRequest | undefined)?.status;
    await eventually(requests, () => status()?.certificate !== undefined || (status()?.conditions ?? []).length > 1);
    return status()?.certificate === undefined ? status()?.conditions?.at(-1)?.message : 'signed';
  };
  assert.equal(await outcomeOf('own', ['10.0.0.1']), 'signed');
  assert.match((await outcomeOf('foreign', ['10.0.0.1', '10.96.0.1']))!, /the Node does not have: 10\.96\.0\.1/);
});

test('a request is kept for a day, or for an hour after it was decided', () => {
  const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour)).toISOString();
  const request = (conditions: object[] = []) =>
    ({ metadata: { creationTimestamp: at(0) }, status: { conditions } }) as unknown as CertificateSigningRequest;
  const until = (one: CertificateSigningRequest) => new Date(expiryMs(one)).toISOString();
  assert.equal(until(request()), at(24));
  assert.equal(until(request([{ type: 'Approved', status: 'True', lastTransitionTime: at(20) }])), at(21));
  assert.equal(until(request([{ type: 'Denied', status: 'True' }])), at(1));
});
