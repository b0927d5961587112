import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../foundation/clock.ts';
import { writePrivateFile } from '../../foundation/private-file.ts';

/** Tokens live a day at most: two more keys than the newest outlast every token they signed. */
const keysMax = 3;

/**
 * The private keys of ServiceAccount tokens, PEM, newest first: one file per key in `directory` (0600), the first made
 * at the first call.
 */
export function readServiceAccountKeys(directory: string, clock: Clock): string[] {
  if (keyFiles(directory).length === 0) rotateServiceAccountKeys(directory, clock);
  return keyFiles(directory).map((name) => readFileSync(join(directory, name), 'utf8'));
}

/** Makes a new key, which signs from now on, and forgets the oldest beyond what running tokens need. */
export function rotateServiceAccountKeys(directory: string, clock: Clock): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // numbered after the last, not by the clock alone: it may have jumped back
  const newest = Number(/\d+/.exec(keyFiles(directory)[0] ?? '')?.[0] ?? 0);
  const number = Math.max(clock.now(), newest + 1);
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  writePrivateFile(join(directory, `service-account-${String(number).padStart(16, '0')}.key`), pem);
  for (const name of keyFiles(directory).slice(keysMax)) rmSync(join(directory, name));
}

function keyFiles(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => /^service-account-\d{16}\.key$/.test(name))
    .sort()
    .reverse();
}
