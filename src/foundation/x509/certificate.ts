import { Buffer } from 'node:buffer';
import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import {
  bitString,
  boolean,
  context,
  contextPrimitive,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts';

/** Who: the common name is the user, the organizations are its groups. */
export type DistinguishedName = { commonName: string; organizations?: string[] };
export type AlternativeNames = { dns?: string[]; addresses?: string[] };

export type CertificateContent = {
  subject: DistinguishedName;
  issuer: DistinguishedName;
  /** SubjectPublicKeyInfo, DER. */
  publicKey: Uint8Array;
  notBeforeMs: number;
  notAfterMs: number;
  /** `authority`: may sign certificates, nothing else. */
  usages: ('server' | 'client' | 'authority')[];
  names?: AlternativeNames;
};

const oids = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  alternativeNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
};

/** A version 3 certificate (RFC 5280) signed with ECDSA and SHA-256 by `issuerKey` (P-256), as DER. */
export function buildCertificate(content: CertificateContent, issuerKey: KeyObject): Buffer {
  const algorithm = sequence(objectIdentifier(oids.ecdsaWithSha256));
  const issuerPublicKey = createPublicKey(issuerKey).export({ type: 'spki', format: 'der' });
  const body = sequence(
    context(0, integer(Buffer.from([2]))),
    serialNumber(),
    algorithm,
    distinguishedName(content.issuer),
    sequence(time(content.notBeforeMs), time(content.notAfterMs)),
    distinguishedName(content.subject),
    Buffer.from(content.publicKey),
    context(3, sequence(...extensions(content, issuerPublicKey))),
  );
  const signature = sign('sha256', body, { key: issuerKey, dsaEncoding: 'der' });
  return sequence(body, algorithm, bitString(signature));
}

/** 127 random bits: unique without a register, positive as RFC 5280 asks. */
function serialNumber(): Buffer {
  const octets = randomBytes(16);
  octets[0] = (octets[0]! & 0x7f) | 0x40;
  return integer(octets);
}

/** Name of RFC 5280, 4.1.2.4 in DER: every organization, then the common name, each a part of its own. */
export function distinguishedName({ commonName, organizations = [] }: DistinguishedName): Buffer {
  const part = (oid: string, text: string) => set(sequence(objectIdentifier(oid), utf8String(text)));
  return sequence(...organizations.map((name) => part(oids.organization, name)), part(oids.commonName, commonName));
}

function extensions(content: CertificateContent, issuerPublicKey: Uint8Array): Buffer[] {
  const authority = content.usages.includes('authority');
  const extended = content.usages
    .filter((usage) => usage !== 'authority')
    .map((usage) => objectIdentifier(oids[usage]));
  const list = [
    extension(oids.basicConstraints, authority ? sequence(boolean(true)) : sequence(), true),
    // keyCertSign and cRLSign for an authority, otherwise digitalSignature
    extension(oids.keyUsage, authority ? bitString(Buffer.from([0x06]), 1) : bitString(Buffer.from([0x80]), 7), true),
    extension(oids.subjectKeyIdentifier, octetString(keyIdentifier(content.publicKey))),
    extension(oids.authorityKeyIdentifier, sequence(contextPrimitive(0, keyIdentifier(issuerPublicKey)))),
  ];
  if (extended.length > 0) list.push(extension(oids.extendedKeyUsage, sequence(...extended)));
  const names = alternativeNamesExtension(content.names ?? {});
  return names === undefined ? list : [...list, names];
}

/** subjectAltName of RFC 5280, 4.2.1.6 in DER; undefined when there is no name. */
export function alternativeNamesExtension(names: AlternativeNames): Buffer | undefined {
  const general = generalNames(names);
  return general.length === 0 ? undefined : extension(oids.alternativeNames, sequence(...general));
}

const extension = (oid: string, value: Uint8Array, critical = false): Buffer =>
  sequence(objectIdentifier(oid), ...(critical ? [boolean(true)] : []), octetString(value));

const keyIdentifier = (publicKey: Uint8Array): Buffer =>
  createHash('sha256').update(publicKey).digest().subarray(0, 20);

function generalNames({ dns = [], addresses = [] }: AlternativeNames): Buffer[] {
  return [
    ...dns.map((name) => contextPrimitive(2, Buffer.from(name, 'latin1'))),
    ...addresses.map((address) => contextPrimitive(7, addressOctets(address))),
  ];
}

/** 4 or 16 octets in network order. */
function addressOctets(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  if (!isIPv6(address) || address.includes('%')) throw new RangeError(`"${address}" is not an IP address`);
  const embedded = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const text = embedded === null ? address : `${embedded[1]}${hexGroups(embedded[2]!)}`;
  const [head = '', tail] = text.split('::');
  const groupsOf = (part: string | undefined) => (part === undefined || part === '' ? [] : part.split(':'));
  const left = groupsOf(head);
  const right = groupsOf(tail);
  const zeros = Array<string>(8 - left.length - right.length).fill('0');
  const groups = tail === undefined ? left : [...left, ...zeros, ...right];
  return Buffer.from(groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]));
}

function hexGroups(ipv4: string): string {
  const octets = addressOctets(ipv4);
  return `${octets.readUInt16BE(0).toString(16)}:${octets.readUInt16BE(2).toString(16)}`;
}

/** PEM of a DER body: `CERTIFICATE`, `CERTIFICATE REQUEST`. */
export function toPem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
