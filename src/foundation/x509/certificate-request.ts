import { Buffer } from 'node:buffer';
import { createPublicKey, verify } from 'node:crypto';
import { child, children, type DerNode, decode, readObjectIdentifier, tags } from './der.ts';

/** What a PKCS #10 request (RFC 2986) asks for, its signature verified. */
export type CertificateRequest = {
  commonName: string;
  organizations: string[];
  /** SubjectPublicKeyInfo, DER. */
  publicKey: Buffer;
  dns: string[];
  addresses: string[];
  emails: string[];
  uris: string[];
};

const requestBytesMax = 64 * 1024;
const hashes: Record<string, string | null> = {
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.3.101.112': null,
};

/** Reads a PEM request. Throws RangeError when it is malformed, too large, or not signed by its own key. */
export function readCertificateRequest(pem: string): CertificateRequest {
  if (pem.length > requestBytesMax) throw new RangeError(`request is larger than ${requestBytesMax} bytes`);
  const match = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END/.exec(pem);
  if (match === null) throw new RangeError('PEM block type must be CERTIFICATE REQUEST');
  const request = decode(Buffer.from(match[1]!, 'base64'));
  if (request.tag !== tags.sequence) throw new RangeError('DER lacks the request');
  const info = child(request, 0, tags.sequence, 'the request body');
  const name = child(info, 1, tags.sequence, 'a subject');
  const publicKey = child(info, 2, tags.sequence, 'a public key').raw;
  verifySignature(request, info, publicKey);
  const subject = readName(name);
  return { ...subject, publicKey, ...readAlternativeNames(info) };
}

function verifySignature(request: DerNode, info: DerNode, publicKey: Buffer): void {
  const oid = readObjectIdentifier(children(child(request, 1, tags.sequence, 'an algorithm'))[0] ?? request);
  const hash = hashes[oid];
  if (hash === undefined) throw new RangeError(`signature algorithm ${oid} is not supported`);
  const bits = child(request, 2, tags.bitString, 'a signature').content;
  if (bits[0] !== 0) throw new RangeError('the signature is not a whole number of octets');
  const signature = bits.subarray(1);
  const key = createPublicKey({ key: publicKey, format: 'der', type: 'spki' });
  if (key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048)
    throw new RangeError('RSA keys below 2048 bits are not accepted');
  if (!verify(hash, info.raw, { key, dsaEncoding: 'der' }, signature))
    throw new RangeError('the request is not signed by its own key');
}

function readName(name: DerNode): { commonName: string; organizations: string[] } {
  const organizations: string[] = [];
  let commonName = '';
  for (const part of children(name).flatMap(children)) {
    const [type, value] = children(part);
    if (type === undefined || value === undefined) throw new RangeError('DER lacks a part of the subject');
    const oid = readObjectIdentifier(type);
    if (oid === '2.5.4.3') commonName = value.content.toString('utf8');
    if (oid === '2.5.4.10') organizations.push(value.content.toString('utf8'));
  }
  return { commonName, organizations };
}

function readAlternativeNames(info: DerNode) {
  const names = { dns: [] as string[], addresses: [] as string[], emails: [] as string[], uris: [] as string[] };
  const attributes = children(info)[3];
  for (const attribute of attributes === undefined ? [] : children(attributes)) {
    const [type, values] = children(attribute);
    if (type === undefined || values === undefined || readObjectIdentifier(type) !== '1.2.840.113549.1.9.14') continue;
    for (const extension of children(values).flatMap(children)) {
      const parts = children(extension);
      const value = parts.at(-1);
      if (parts[0] === undefined || value === undefined || readObjectIdentifier(parts[0]) !== '2.5.29.17') continue;
      for (const general of children(decode(value.content))) addGeneralName(names, general);
    }
  }
  return names;
}

function addGeneralName(
  names: { dns: string[]; addresses: string[]; emails: string[]; uris: string[] },
  name: DerNode,
) {
  const text = name.content.toString('latin1');
  if (name.tag === 0x81) names.emails.push(text);
  else if (name.tag === 0x82) names.dns.push(text);
  else if (name.tag === 0x86) names.uris.push(text);
  else if (name.tag === 0x87) names.addresses.push(addressText(name.content));
  else throw new RangeError('only DNS, email, URI and IP alternative names are supported');
}

function addressText(octets: Buffer): string {
  if (octets.length === 4) return octets.join('.');
  if (octets.length !== 16) throw new RangeError('an IP alternative name has 4 or 16 octets');
  return Array.from({ length: 8 }, (_, index) => octets.readUInt16BE(index * 2).toString(16)).join(':');
}
