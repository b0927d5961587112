import { createTestIssuer, type TestCredential } from '../../foundation/x509/testing/authority.ts';

/** Certificates for tests: an authority of its own, and what it signs. */
export type TestAuthority = {
  /** PEM. */
  certificate: string;
  server(): TestCredential;
  client(username: string, groups?: string[]): TestCredential;
};

export function createTestAuthority(): TestAuthority {
  const { certificate, issue } = createTestIssuer('test-ca');
  const names = { dns: ['localhost'], addresses: ['127.0.0.1'] };
  return {
    certificate,
    server: () => issue({ subject: { commonName: 'kube-apiserver' }, usages: ['server'], names }),
    client: (commonName, organizations = []) => issue({ subject: { commonName, organizations }, usages: ['client'] }),
  };
}
