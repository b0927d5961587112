import { createTestIssuer } from '../../../foundation/x509/testing/authority.ts';

export type Credentials = { key: string; cert: string };

/** An authority for one test, and certificates it signs. */
export async function createAuthority(name: string) {
  const { certificate, issue } = createTestIssuer(name);
  return {
    ca: certificate,
    issue: async (commonName: string): Promise<Credentials> =>
      issue({ subject: { commonName }, usages: ['server', 'client'], names: { addresses: ['127.0.0.1'] } }),
  };
}
