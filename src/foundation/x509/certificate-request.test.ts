import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { toPem } from './certificate.ts';
import { readCertificateRequest } from './certificate-request.ts';
import { buildCertificateRequest } from './testing/build-certificate-request.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const subject = { commonName: 'system:node:a', organizations: ['system:nodes', 'other'] };

test('a request is read back as it was made', () => {
  const pem = buildCertificateRequest(subject, privateKey, { dns: ['a'], addresses: ['10.0.0.1', '::1'] });
  const read = readCertificateRequest(pem);
  assert.equal(read.commonName, 'system:node:a');
  assert.deepEqual(read.organizations, ['system:nodes', 'other']);
  assert.deepEqual([read.dns, read.addresses], [['a'], ['10.0.0.1', '0:0:0:0:0:0:0:1']]);
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

test('a request of openssl is understood', { skip: hasOpenssl ? false : 'openssl is not installed' }, (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-request-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const keyFile = join(folder, 'key.pem');
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const options = ['req', '-new', '-key', keyFile, '-subj', '/O=dev/CN=anna', '-addext', 'subjectAltName=DNS:x'];
  const read = readCertificateRequest(execFileSync('openssl', options).toString());
  assert.deepEqual([read.commonName, read.organizations, read.dns], ['anna', ['dev'], ['x']]);
});

test('a request altered after signing is refused', () => {
  const pem = buildCertificateRequest(subject, privateKey);
  const der = Buffer.from(pem.replace(/-----.*-----|\n/g, ''), 'base64');
  der[der.indexOf('nodes')] = 'm'.charCodeAt(0);
  assert.throws(() => readCertificateRequest(toPem('CERTIFICATE REQUEST', der)), /not signed by its own key/);
});

test('garbage, truncation and every flipped byte end in an error, never in an identity', () => {
  assert.throws(() => readCertificateRequest('hello'), RangeError);
  const pem = buildCertificateRequest(subject, privateKey);
  const der = Buffer.from(pem.replace(/-----.*-----|\n/g, ''), 'base64');
  for (let index = 0; index < der.length; index++) {
    const broken = Buffer.from(der);
    broken[index]! ^= 0xff;
    assert.throws(() => readCertificateRequest(toPem('CERTIFICATE REQUEST', broken)), `byte ${index}`);
    assert.throws(
      () => readCertificateRequest(toPem('CERTIFICATE REQUEST', der.subarray(0, index))),
      `length ${index}`,
    );
  }
});
