import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../foundation/clock.ts';
import { writePrivateFile } from '../../foundation/private-file.ts';
import {
  type AlternativeNames,
  buildCertificate,
  type DistinguishedName,
  toPem,
} from '../../foundation/x509/certificate.ts';

/** A certificate with its private key (PKCS #8), both PEM. */
export type Credential = { certificate: string; key: string; notBeforeMs: number; notAfterMs: number };

export type IssueOptions = {
  subject: DistinguishedName;
  usages: ('server' | 'client')[];
  lifetimeMs: number;
  names?: AlternativeNames;
};

export type CertificateAuthority = {
  /** PEM: what clients trust. */
  certificate: string;
  /** A new key and its certificate. */
  issue(options: IssueOptions): Credential;
  /** A certificate, PEM, for a key that stays with its owner; `publicKey` is SubjectPublicKeyInfo in DER. */
  sign(publicKey: Uint8Array, options: IssueOptions): string;
};

const dayMs = 24 * 3600 * 1000;
const authorityLifetimeMs = 3650 * dayMs;
/** Peers' clocks may be behind ours by this much. */
const clockSkewMs = 5 * 60 * 1000;
const authorityName = { commonName: 'rempart-ca' };

/**
 * The cluster's certificate authority, kept as `ca.crt` and `ca.key` (0600) in `directory`; made at the first call.
 * Throws when the files are damaged, do not belong together, or have expired by this clock.
 */
export function openAuthority(directory: string, clock: Clock): CertificateAuthority {
  const certificateFile = join(directory, 'ca.crt');
  const keyFile = join(directory, 'ca.key');
  if (!existsSync(certificateFile)) createAuthority(directory, certificateFile, keyFile, clock);
  const certificate = readFileSync(certificateFile, 'utf8');
  const key = createPrivateKey(readFileSync(keyFile, 'utf8'));
  checkAuthority(new X509Certificate(certificate), key, certificateFile, clock);
  return authorityOf(certificate, key, clock);
}

function createAuthority(directory: string, certificateFile: string, keyFile: string, clock: Clock): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const content = {
    subject: authorityName,
    issuer: authorityName,
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    notBeforeMs: clock.now() - clockSkewMs,
    notAfterMs: clock.now() + authorityLifetimeMs,
    usages: ['authority' as const],
  };
  // the key first: a crash in between leaves no certificate without its key
  writePrivateFile(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  writePrivateFile(certificateFile, toPem('CERTIFICATE', buildCertificate(content, privateKey)), 0o644);
}

function checkAuthority(certificate: X509Certificate, key: KeyObject, file: string, clock: Clock): void {
  if (!certificate.checkPrivateKey(key)) throw new Error(`${file} and its ca.key do not belong together`);
  const notBeforeMs = certificate.validFromDate.getTime();
  if (clock.now() < notBeforeMs)
    throw new Error(`${file} is valid from ${certificate.validFrom}, which this clock has not reached: set the clock`);
  if (clock.now() > certificate.validToDate.getTime())
    throw new Error(`${file} expired at ${certificate.validTo}: check the clock, or move the file away for a new one`);
}

function authorityOf(certificate: string, key: KeyObject, clock: Clock): CertificateAuthority {
  const authorityNotAfterMs = new X509Certificate(certificate).validToDate.getTime();
  const signAt = (publicKey: Uint8Array, options: IssueOptions, nowMs: number) => {
    const notAfterMs = Math.min(nowMs + options.lifetimeMs, authorityNotAfterMs);
    const content = { ...options, issuer: authorityName, publicKey, notBeforeMs: nowMs - clockSkewMs, notAfterMs };
    return toPem('CERTIFICATE', buildCertificate(content, key));
  };
  return {
    certificate,
    sign: (publicKey, options) => signAt(publicKey, options, clock.now()),
    issue(options) {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const publicKey = createPublicKey(pair.privateKey).export({ type: 'spki', format: 'der' });
      const issued = signAt(publicKey, options, clock.now());
      const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      return { certificate: issued, key: privateKey, ...validity(issued) };
    },
  };
}

/** When a PEM certificate is valid, in milliseconds since the epoch. */
export function validity(certificate: string): { notBeforeMs: number; notAfterMs: number } {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  return { notBeforeMs: validFromDate.getTime(), notAfterMs: validToDate.getTime() };
}
