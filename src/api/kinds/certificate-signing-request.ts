import { defineKind } from '../define.ts';
import type { CertificateSigningRequest } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { ageColumn, humanDuration, nameColumn, none } from '../table.ts';
import { enumOf } from '../validation/enums.ts';
import { ErrorList, forbiddenValue, immutable, invalidValue, required } from '../validation/errors.ts';
import { pathSegment } from '../validation/names.ts';
import { checkEnum, checkUnique, sameValue } from '../validation/values.ts';

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
  hasGeneration: false,
  shortNames: ['csr'],
  namespaced: false,
  // Node agents name their requests by a hash with capitals.
  name: pathSegment,
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
  validate: validateRequest,
  validateStatus: validateConditions,
});

const usages = enumOf(
  [
    'any',
    'cert sign',
    'client auth',
    'code signing',
    'content commitment',
    'crl sign',
    'data encipherment',
    'decipher only',
    'digital signature',
    'email protection',
    'encipher only',
    'ipsec end system',
    'ipsec tunnel',
    'ipsec user',
    'key agreement',
    'key encipherment',
    'microsoft sgc',
    'netscape sgc',
    'ocsp signing',
    's/mime',
    'server auth',
    'signing',
    'timestamping',
  ],
  'certificates.v1.CertificateSigningRequestSpec.usages',
);
const requestPattern = /^-----BEGIN CERTIFICATE REQUEST-----\s/;
const secondsMin = 600;

/** Source: kubernetes/kubernetes pkg/apis/certificates/validation/validation.go. */
function validateRequest(
  { spec }: CertificateSigningRequest,
  old: CertificateSigningRequest | undefined,
): FieldError[] {
  const errors = new ErrorList();
  const pem = Buffer.from(spec?.request ?? '', 'base64').toString('latin1');
  if (!requestPattern.test(pem))
    errors.push(invalidValue('spec.request', '…', 'PEM block type must be CERTIFICATE REQUEST'));
  if (!spec?.usages?.length) errors.push(required('spec.usages', 'usages must be provided'));
  (spec?.usages ?? []).forEach((usage, index) => {
    checkEnum(usage, usages, `spec.usages[${index}]`, errors);
  });
  checkUnique(spec?.usages ?? [], (index) => `spec.usages[${index}]`, errors);
  if (!spec?.signerName) errors.push(required('spec.signerName'));
  else if (!/^[a-z0-9][-a-z0-9.]*\/[a-zA-Z0-9][-a-zA-Z0-9._:]{0,510}$/.test(spec.signerName))
    errors.push(
      invalidValue(
        'spec.signerName',
        spec.signerName,
        'must be a fully qualified domain and path of the form "example.com/signer-name"',
      ),
    );
  if (spec?.expirationSeconds !== undefined && spec.expirationSeconds < secondsMin)
    errors.push(
      invalidValue(
        'spec.expirationSeconds',
        spec.expirationSeconds,
        'may not specify a duration less than 600 seconds',
      ),
    );
  if (old && !sameValue(spec, old.spec)) errors.push(immutable('spec', '…'));
  return errors;
}

/** A decision stays: what was approved is not denied later, nor taken back. */
function validateConditions({ status }: CertificateSigningRequest, old: CertificateSigningRequest): FieldError[] {
  const errors = new ErrorList();
  const types = new Set((status?.conditions ?? []).map(({ type }) => type));
  if (types.has('Approved') && types.has('Denied'))
    errors.push(invalidValue('status.conditions', [...types], 'Approved and Denied conditions are mutually exclusive'));
  for (const { type } of old.status?.conditions ?? [])
    if (!types.has(type))
      errors.push(forbiddenValue('status.conditions', `updates may not remove a condition of type "${type}"`));
  if (old.status?.certificate && status?.certificate !== old.status.certificate)
    errors.push(forbiddenValue('status.certificate', 'updates may not set or modify existing certificate content'));
  return errors;
}
