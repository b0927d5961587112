import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '../../foundation/clock.ts';
import { buildCertificateRequest } from '../../foundation/x509/certificate-request.ts';
import { openAuthority } from './authority.ts';
import { approvalQuestion, mayServeAs, signers, signRequest } from './signing.ts';

const directory = mkdtempSync(join(tmpdir(), 'rempart-signing-'));
after(() => rmSync(directory, { recursive: true }));
const authority = openAuthority(directory, systemClock);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const nodeSubject = { commonName: 'system:node:n1', organizations: ['system:nodes'] };

const csr = (signerName: string, subject: { commonName: string; organizations?: string[] }, more: any = {}) => ({
  ...{ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name: 'x' } },
  spec: {
    ...{ signerName, usages: ['digital signature', 'client auth'], username: 'system:bootstrap:abcdef' },
    request: Buffer.from(buildCertificateRequest(subject, privateKey, more.names)).toString('base64'),
    ...more.spec,
  },
});
const signed = (...parameters: Parameters<typeof csr>) => signRequest(csr(...parameters), authority) as any;

test('a person gets a client certificate for a day, or a week when asked for longer', () => {
  const certificate = new X509Certificate(
    signed(signers.client, { commonName: 'anna', organizations: ['dev'] }).certificate,
  );
  assert.deepEqual({ ...certificate.toLegacyObject().subject }, { O: 'dev', CN: 'anna' });
  assert.ok(certificate.verify(new X509Certificate(authority.certificate).publicKey));
  const days = ({ certificate: pem }: { certificate: string }) =>
    Math.round((new X509Certificate(pem).validToDate.getTime() - Date.now()) / 86_400_000);
  assert.equal(days({ certificate: certificate.toString() }), 1);
  assert.equal(days(signed(signers.client, { commonName: 'a' }, { spec: { expirationSeconds: 31_536_000 } })), 7);
  assert.equal(days(signed(signers.kubeletClient, nodeSubject, { spec: { expirationSeconds: 31_536_000 } })), 1);
});

test('what a signer must not give is refused', () => {
  assert.match(
    signed(signers.client, { commonName: 'a', organizations: ['system:masters'] }).refused,
    /system:masters/,
  );
  assert.match(
    signed(signers.kubeletClient, { commonName: 'anna', organizations: ['system:nodes'] }).refused,
    /system:node:/,
  );
  const two = { ...nodeSubject, organizations: ['system:nodes', 'system:masters'] };
  assert.match(signed(signers.kubeletClient, two).refused, /alone/);
  assert.match(signed(signers.kubeletClient, nodeSubject, { names: { dns: ['x'] } }).refused, /no alternative names/);
  const usages = { spec: { usages: ['client auth', 'cert sign'] } };
  assert.match(signed(signers.client, { commonName: 'a' }, usages).refused, /cert sign/);
  assert.match(signed(signers.kubeletServing, nodeSubject).refused, /usages/);
  assert.match(signed(signers.client, { commonName: 'a' }, { spec: { request: 'eA==' } }).refused, /cannot be read/);
  assert.equal(signed('example.com/own', { commonName: 'a' }), undefined);
});

test('only requests of nodes are approved without a person, each after its own question', () => {
  assert.deepEqual(approvalQuestion(csr(signers.kubeletClient, nodeSubject)), { subresource: 'nodeclient' });
  const self = { spec: { username: 'system:node:n1' } };
  assert.deepEqual(approvalQuestion(csr(signers.kubeletClient, nodeSubject, self)), { subresource: 'selfnodeclient' });
  assert.equal(approvalQuestion(csr(signers.client, { commonName: 'anna' })), undefined);
  const names = { dns: ['n1'], addresses: ['10.0.0.1'] };
  const spec = { ...self.spec, usages: ['server auth'] };
  const serving = approvalQuestion(csr(signers.kubeletServing, nodeSubject, { names, spec }));
  assert.deepEqual(serving, { node: 'n1', names: ['n1', '10.0.0.1'] });
  const foreign = { ...spec, username: 'system:node:n2' };
  assert.equal(approvalQuestion(csr(signers.kubeletServing, nodeSubject, { names, spec: foreign })), undefined);
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1' },
    status: { addresses: [{ address: '10.0.0.1' }] },
  };
  assert.equal(mayServeAs(node, ['n1', '10.0.0.1']), true);
  assert.equal(mayServeAs(node, ['kubernetes.default']), false);
});
