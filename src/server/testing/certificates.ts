import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** Certificates for tests: an authority of its own, and what it signs. */
export type TestAuthority = {
  /** PEM. */
  certificate: string;
  server(): Promise<{ key: string; cert: string }>;
  client(username: string, groups?: string[]): Promise<{ key: string; cert: string }>;
};

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const hourMs = 3_600_000;

export async function createTestAuthority(): Promise<TestAuthority> {
  x509.cryptoProvider.set(webcrypto as never);
  const keys = await newKeys();
  const validity = { notBefore: new Date(Date.now() - hourMs), notAfter: new Date(Date.now() + 24 * hourMs) };
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...{ serialNumber: '01', name: 'CN=test-ca', ...validity, signingAlgorithm: algorithm, keys: keys as never },
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  let serial = 2;
  async function issue(name: x509.JsonName, extensions: x509.Extension[]) {
    const own = await newKeys();
    const cert = await x509.X509CertificateGenerator.create({
      ...{ serialNumber: (serial++).toString(16).padStart(4, '0'), subject: name, issuer: root.subject, ...validity },
      ...{
        signingAlgorithm: algorithm,
        publicKey: own.publicKey as never,
        signingKey: keys.privateKey as never,
        extensions,
      },
    });
    return { key: await privatePem(own), cert: cert.toString('pem') };
  }
  const usage = (purpose: x509.ExtendedKeyUsage) => new x509.ExtendedKeyUsageExtension([purpose]);
  return {
    certificate: root.toString('pem'),
    server: () =>
      issue(
        [{ CN: ['kube-apiserver'] }],
        [
          usage(x509.ExtendedKeyUsage.serverAuth),
          new x509.SubjectAlternativeNameExtension([
            { type: 'ip', value: '127.0.0.1' },
            { type: 'dns', value: 'localhost' },
          ]),
        ],
      ),
    client: (username, groups = []) =>
      issue(
        [...groups.map((group) => ({ O: [group] })), { CN: [username] }],
        [usage(x509.ExtendedKeyUsage.clientAuth)],
      ),
  };
}

const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

async function privatePem(keys: Awaited<ReturnType<typeof newKeys>>): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der.match(/.{1,64}/g)!.join('\n')}\n-----END PRIVATE KEY-----\n`;
}
