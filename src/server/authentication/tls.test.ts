import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { request } from 'node:https';
import { after, test } from 'node:test';
import { buildCertificate, toPem } from '../../foundation/x509/certificate.ts';
import { grant, startDefended } from '../testing/defended.ts';

const hourMs = 3600 * 1000;
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const spki = (key: KeyObject) => createPublicKey(key).export({ type: 'spki', format: 'der' });

function authority() {
  const key = newKey();
  const issuer = { commonName: 'ca' };
  const issue = (commonName: string, usages: any[], fromMs = -hourMs, toMs = hourMs, of: KeyObject = newKey()) => {
    const subject = commonName === 'ca' ? issuer : { commonName };
    const times = { notBeforeMs: Date.now() + fromMs, notAfterMs: Date.now() + toMs };
    const names = { addresses: ['127.0.0.1'] };
    const der = buildCertificate({ subject, issuer, publicKey: spki(of), usages, names, ...times }, key);
    return { cert: toPem('CERTIFICATE', der), key: of.export({ type: 'pkcs8', format: 'pem' }).toString() };
  };
  return { issue, certificate: issue('ca', ['authority'], -hourMs, hourMs, key).cert };
}

const own = authority();
const server = await startDefended({ clientAuthorities: [own.certificate] });
after(() => server.stop());
const tls = { ...own.issue('server', ['server']), clientCa: own.certificate };
const [address] = await server.listen([{ host: '127.0.0.1', port: 0 }], tls);

function ask(path: string, credentials: { cert?: string; key?: string; token?: string }) {
  const { token, ...certificate } = credentials;
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Promise<{ code: number; message: string }>((resolve, reject) => {
    const options = { host: '127.0.0.1', port: address!.port, path, ca: own.certificate, agent: false, headers };
    request({ ...options, ...certificate }, (response) => {
      let text = '';
      response.on('data', (part) => (text += part));
      response.on('end', () => resolve({ code: response.statusCode!, message: text }));
    })
      .on('error', reject)
      .end();
  });
}

test('over TLS a certificate of the cluster names its user', async () => {
  const { code, message } = await ask('/api/v1/pods', own.issue('anna', ['client']));
  assert.equal(code, 403);
  assert.match(message, /User \\"anna\\" cannot list resource/);
});

test('over TLS an expired certificate is told that it expired, and one of the future that it is early', async () => {
  const expired = await ask('/api/v1/pods', own.issue('anna', ['client'], -3 * hourMs, -hourMs));
  assert.equal(expired.code, 401);
  assert.match(expired.message, /expired at .*rempart up/);
  const early = await ask('/api/v1/pods', own.issue('anna', ['client'], hourMs, 2 * hourMs));
  assert.match(early.message, /not valid before .*check the clocks/);
});

test('over TLS a certificate of another authority opens nothing, not even as anonymous', async () => {
  const foreign = authority().issue('rempart:break-glass', ['client']);
  const { code, message } = await ask('/version', foreign);
  assert.deepEqual([code, /not issued by this cluster/.test(message)], [401, true]);
});

test('over TLS nobody reads version, and nothing else whatever roles say', async () => {
  await server.make(...grant('system:anonymous', [{ verbs: ['*'], nonResourceURLs: ['*'] }]));
  assert.equal((await ask('/version', {})).code, 200);
  for (const path of ['/api', '/apis', '/metrics', '/openapi/v2', '/api/v1/secrets'])
    assert.equal((await ask(path, {})).code, 401, path);
  assert.equal((await ask('/version', { token: 'guess' })).code, 401);
});
