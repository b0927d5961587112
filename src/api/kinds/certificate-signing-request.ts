import { defineKind } from '../define.ts';
import type { CertificateSigningRequest } from '../schema/types.d.ts';
import { ageColumn, humanDuration, nameColumn, none } from '../table.ts';

/** Source: kubernetes/kubernetes pkg/printers/internalversion/printers.go, extractCSRStatus. */
function condition({ status }: CertificateSigningRequest): string {
  const types = new Set((status?.conditions ?? []).map(({ type }) => type));
  const words = [types.has('Denied') ? 'Denied' : types.has('Approved') ? 'Approved' : 'Pending'];
  if (types.has('Failed')) words.push('Failed');
  if (status?.certificate) words.push('Issued');
  return words.join(',');
}

export const certificateSigningRequest = defineKind<CertificateSigningRequest>({
  group: 'certificates.k8s.io',
  kind: 'CertificateSigningRequest',
  resource: 'certificatesigningrequests',
  shortNames: ['csr'],
  namespaced: false,
  status: true,
  subresources: [{ name: 'approval', kind: 'CertificateSigningRequest', verbs: ['get', 'patch', 'update'] }],
  selectableFields: ['spec.signerName'],
  wholeTable: true,
  columns: [
    nameColumn,
    ageColumn,
    { name: 'SignerName', type: 'string', value: ({ spec }) => spec?.signerName || none },
    { name: 'Requestor', type: 'string', value: ({ spec }) => spec?.username ?? '' },
    {
      name: 'RequestedDuration',
      type: 'string',
      value: ({ spec }) =>
        spec?.expirationSeconds === undefined ? none : humanDuration(spec.expirationSeconds * 1000),
    },
    { name: 'Condition', type: 'string', value: condition },
  ],
  defaults({ spec }) {
    if (spec) spec.usages ??= ['digital signature', 'key encipherment'];
  },
});
