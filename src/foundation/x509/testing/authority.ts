import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { buildCertificate, type CertificateContent, toPem } from '../certificate.ts';

const hourMs = 3_600_000;
const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

type Issue = Pick<CertificateContent, 'subject' | 'names' | 'usages'>;
export type TestCredential = { key: string; cert: string };

/** An authority for tests, valid for an hour to both sides of now, and what it signs; everything PEM. */
export function createTestIssuer(commonName: string): { certificate: string; issue(content: Issue): TestCredential } {
  const key = newKeys();
  const issuer = { commonName };
  const sign = (content: Issue, own = newKeys()): TestCredential => {
    const publicKey = createPublicKey(own).export({ type: 'spki', format: 'der' });
    const validity = { notBeforeMs: Date.now() - hourMs, notAfterMs: Date.now() + hourMs };
    const certificate = buildCertificate({ ...content, ...validity, issuer, publicKey }, key);
    return { key: own.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: toPem('CERTIFICATE', certificate) };
  };
  return {
    certificate: sign({ subject: issuer, usages: ['authority'] }, key).cert,
    issue: (content) => sign(content),
  };
}
