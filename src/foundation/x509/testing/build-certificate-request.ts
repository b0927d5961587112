import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import {
  type AlternativeNames,
  alternativeNamesExtension,
  type DistinguishedName,
  distinguishedName,
  toPem,
} from '../certificate.ts';
import { bitString, context, integer, objectIdentifier, sequence, set } from '../der.ts';

/** A signed PEM request, as a node or a user's tool makes it. `key` is a P-256 private key. */
export function buildCertificateRequest(
  subject: DistinguishedName,
  key: KeyObject,
  names: AlternativeNames = {},
): string {
  const info = sequence(
    integer(Buffer.from([0])),
    distinguishedName(subject),
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    context(0, ...requestedExtensions(names)),
  );
  const signature = sign('sha256', info, { key, dsaEncoding: 'der' });
  const algorithm = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
  return toPem('CERTIFICATE REQUEST', sequence(info, algorithm, bitString(signature)));
}

function requestedExtensions(names: AlternativeNames): Buffer[] {
  const extension = alternativeNamesExtension(names);
  if (extension === undefined) return [];
  return [sequence(objectIdentifier('1.2.840.113549.1.9.14'), set(sequence(extension)))];
}
