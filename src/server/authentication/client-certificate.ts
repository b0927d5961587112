import { X509Certificate } from 'node:crypto';
import { ApiError } from '../../api/status.ts';
import type { UserInfo } from '../../api/user.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Credentials } from '../contracts.ts';

const clientAuthUsage = '1.3.6.1.5.5.7.3.2';
const groupsMax = 100;

type Known = { user: UserInfo; notBeforeMs: number; notAfterMs: number };

/**
 * Users by client certificates: the common name is the user, the organizations are the groups. The chain is verified
 * here again, against `authorities` (PEM): a server that asks for certificates without refusing bad ones stays safe,
 * and the refusal says what is wrong. Validity is looked at on every request, also of connections that stay open.
 */
export function createCertificateAuthenticator(authorities: string[], clock: Clock) {
  const issuers = authorities.map((pem) => new X509Certificate(pem));
  /** By the bytes that the server keeps per connection. */
  const known = new WeakMap<Uint8Array, Known>();
  return ({ certificate }: Credentials): UserInfo | undefined => {
    if (certificate === undefined || certificate.length === 0) return undefined;
    let entry = known.get(certificate);
    if (entry === undefined) {
      entry = readUser(certificate, issuers);
      known.set(certificate, entry);
    }
    checkValidity(entry, clock.now());
    return entry.user;
  };
}

const refused = (message: string) => new ApiError('Unauthorized', message);

function readUser(der: Uint8Array, issuers: X509Certificate[]): Known {
  const certificate = parse(der);
  const issued = issuers.some((issuer) => certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey));
  if (!issued) throw refused('the client certificate was not issued by this cluster: use a kubeconfig of this cluster');
  if (certificate.ca || !(certificate.keyUsage ?? []).includes(clientAuthUsage))
    throw refused('the client certificate may not be used by clients: its extended key usage lacks client auth');
  const subject = certificate.toLegacyObject().subject as unknown as Record<string, string | string[] | undefined>;
  const username = subject['CN'];
  // several common names: which one would be the user is not decided by chance
  if (typeof username !== 'string' || username === '') throw refused('the client certificate names no user (CN)');
  const groups = [subject['O'] ?? []].flat();
  if (groups.length > groupsMax) throw refused(`the client certificate names more than ${groupsMax} groups (O)`);
  return {
    user: { username, groups, extra: { 'authentication.kubernetes.io/credential-id': [credentialId(certificate)] } },
    notBeforeMs: certificate.validFromDate.getTime(),
    notAfterMs: certificate.validToDate.getTime(),
  };
}

function parse(der: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw new ApiError('Unauthorized', 'the client certificate cannot be read', undefined, { cause });
  }
}

const credentialId = (certificate: X509Certificate): string =>
  `X509SHA256=${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`;

function checkValidity({ user, notBeforeMs, notAfterMs }: Known, nowMs: number): void {
  const when = (milliseconds: number) => new Date(milliseconds).toISOString();
  if (nowMs > notAfterMs)
    throw refused(
      `the client certificate of "${user.username}" expired at ${when(notAfterMs)} (server time ${when(nowMs)}): ` +
        'run "rempart up" on the cluster\'s machine for a new kubeconfig, or check the clocks',
    );
  if (nowMs < notBeforeMs)
    throw refused(
      `the client certificate of "${user.username}" is not valid before ${when(notBeforeMs)} ` +
        `(server time ${when(nowMs)}): check the clocks`,
    );
}
