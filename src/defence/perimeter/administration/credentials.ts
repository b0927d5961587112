import { X509Certificate } from 'node:crypto';
import type { Manifest } from '../../contract.ts';
import { refOf } from '../../object-ref.ts';
import { tokenOwner } from '../../snapshot/token-owner.ts';
import { namespaceOf } from '../../snapshot/workloads.ts';
import { certificateMaxDays, dayMs } from './api-server.ts';
import { type AdministrationCheck, type AdministrationVerdict, fail, notAssessed, pass, unread } from './contract.ts';

const csrKind = 'CertificateSigningRequest.certificates.k8s.io';

export const endlessTokens: AdministrationCheck = {
  id: 'administration/endless-tokens',
  severity: 'high',
  title: 'No Secret holds a ServiceAccount token without end',
  mend: 'remove the Secret: pods get tokens that expire, people use kubectl create token',
  benchmark: ['CIS 5.1.6', 'NSA authentication and authorization'],
  judge({ snapshot }) {
    const missing = unread(snapshot, 'Secret');
    if (missing.length > 0) return missing;
    const found = snapshot
      .of('Secret')
      .filter((secret) => tokenOwner(secret) !== undefined || secret['type'] === 'kubernetes.io/service-account-token')
      .map((secret) =>
        fail(`it is a token of ServiceAccount ${namespaceOf(secret)}/${tokenOwner(secret) ?? '?'} that never expires`, [
          refOf(secret),
        ]),
      );
    return found.length > 0 ? found : [pass('no Secret is one of a ServiceAccount token')];
  },
};

export const bootstrapTokens: AdministrationCheck = {
  id: 'administration/bootstrap-tokens',
  severity: 'medium',
  title: 'Bootstrap tokens are gone when nodes have joined',
  mend: 'remove Secrets bootstrap-token-* of kube-system, or give them an expiration of hours',
  benchmark: ['CIS 3.1.3', 'NSA authentication and authorization'],
  judge({ snapshot, nowMs }) {
    const missing = unread(snapshot, 'Secret');
    if (missing.length > 0) return missing;
    const found = snapshot
      .of('Secret', 'kube-system')
      .filter(({ metadata }) => /^bootstrap-token-/.test(metadata.name));
    return found.length > 0 ? found.map((secret) => bootstrapVerdict(secret, nowMs)) : [pass('there is none')];
  },
};

function bootstrapVerdict(secret: Manifest, nowMs: number): AdministrationVerdict {
  const { stringData, data } = secret as { stringData?: Record<string, string>; data?: Record<string, string> };
  // Of a live cluster only metadata was read: no value of a Secret ever gets here.
  if (stringData === undefined && data === undefined)
    return notAssessed(`Secret ${secret.metadata.name}: when it expires is one of its values, which are not read`);
  const written = stringData?.['expiration'] ?? Buffer.from(data?.['expiration'] ?? '', 'base64').toString();
  const expiresMs = Date.parse(written);
  if (Number.isNaN(expiresMs)) return fail('it never expires: whoever has it joins a node', [refOf(secret)]);
  return expiresMs - nowMs > dayMs
    ? fail(`it is valid until ${written}`, [refOf(secret)])
    : pass('it expires within a day');
}

export const longCertificates: AdministrationCheck = {
  id: 'administration/long-certificates',
  severity: 'medium',
  title: 'Client certificates that the cluster issued expire soon',
  mend: 'ask with spec.expirationSeconds of hours or days: there is no way to revoke one',
  benchmark: ['CIS 3.1.1', 'NSA authentication and authorization'],
  judge({ snapshot }) {
    const missing = unread(snapshot, csrKind);
    if (missing.length > 0) return missing;
    const verdicts = snapshot.of(csrKind).flatMap((request): AdministrationVerdict[] => {
      const { status, spec } = request as {
        status?: { certificate?: string };
        spec?: { signerName?: string; username?: string };
      };
      if (!status?.certificate || !spec?.signerName?.startsWith('kubernetes.io/kube-apiserver-client')) return [];
      const days = daysOf(status.certificate);
      if (days === undefined) return [notAssessed(`${request.metadata.name}: its certificate cannot be read`)];
      if (days <= certificateMaxDays) return [];
      return [fail(`${spec.username ?? 'somebody'} got a client certificate for ${days} days`, [refOf(request)])];
    });
    const seen = 'the cluster keeps requests for an hour only: older certificates are not seen';
    return [...verdicts, notAssessed(seen)];
  },
};

function daysOf(certificate: string): number | undefined {
  try {
    const { validFromDate, validToDate } = new X509Certificate(Buffer.from(certificate, 'base64'));
    return Math.round((validToDate.getTime() - validFromDate.getTime()) / dayMs);
  } catch {
    return undefined;
  }
}
