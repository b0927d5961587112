import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { writePrivateFile } from '../foundation/private-file.ts';
import type { EngineOptions } from './engine.ts';

/** 32 bytes of AES-256 and how an envelope refers to them: the first 8 bytes of their SHA-256. */
export type SealingKey = { id: Buffer; secret: Buffer };
/** The first key seals, all of them open. */
export type KeyRing = [SealingKey, ...SealingKey[]];

export type Sealing = Required<Pick<EngineOptions, 'seal' | 'open'>>;

/** An envelope: this byte (no JSON begins with it), key id (8), nonce (12), ciphertext, tag (16). */
const mark = 0x01;
const [idBytes, nonceBytes, tagBytes, secretBytes] = [8, 12, 16, 32];
const headBytes = 1 + idBytes + nonceBytes;
const keysMax = 16;

/**
 * Encrypts with AES-256-GCM what is stored under the given key prefixes. The store key is authenticated too, so that
 * one secret cannot be put in another's place. `open` throws when a value was changed, its key is missing, or, unless
 * `acceptPlain` (to switch encryption on for an existing store), when it is not sealed at all.
 */
export function createSealing(keys: KeyRing, prefixes: string[], { acceptPlain = false } = {}): Sealing {
  const covers = (key: string) => prefixes.some((prefix) => key.startsWith(prefix));
  return {
    seal: (key, value) => (covers(key) ? encrypt(keys[0], key, value) : value),
    open(key, sealed) {
      if (sealed[0] === mark) return decrypt(keys, key, sealed);
      if (covers(key) && !acceptPlain) throw new Error(`the stored value of ${key} should be encrypted and is not`);
      return sealed;
    },
  };
}

function encrypt({ id, secret }: SealingKey, key: string, value: Uint8Array): Buffer {
  const head = Buffer.concat([Buffer.of(mark), id, randomBytes(nonceBytes)]);
  const cipher = createCipheriv('aes-256-gcm', secret, head.subarray(1 + idBytes));
  cipher.setAAD(Buffer.concat([head, Buffer.from(key)]));
  return Buffer.concat([head, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(keys: KeyRing, key: string, sealed: Uint8Array): Buffer {
  const envelope = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (envelope.length < headBytes + tagBytes) throw new Error(`the stored value of ${key} is cut short`);
  const head = envelope.subarray(0, headBytes);
  const id = head.subarray(1, 1 + idBytes);
  const found = keys.find((candidate) => candidate.id.equals(id));
  if (found === undefined)
    throw new Error(`the stored value of ${key} was encrypted with key ${id.toString('hex')}, which is not given`);
  const decipher = createDecipheriv('aes-256-gcm', found.secret, head.subarray(1 + idBytes));
  decipher.setAAD(Buffer.concat([head, Buffer.from(key)]));
  decipher.setAuthTag(envelope.subarray(-tagBytes));
  const opened = decipher.update(envelope.subarray(headBytes, -tagBytes));
  try {
    return Buffer.concat([opened, decipher.final()]);
  } catch (cause) {
    throw new Error(`the stored value of ${key} was changed outside of the server, or its key is wrong`, { cause });
  }
}

export function createSealingKey(secret: Buffer = randomBytes(secretBytes)): SealingKey {
  if (secret.length !== secretBytes)
    throw new Error(`an encryption key has ${secretBytes} bytes, not ${secret.length}`);
  return { id: createHash('sha256').update(secret).digest().subarray(0, idBytes), secret };
}

/**
 * Reads a key file, `{"keys": ["<base64>", …]}`; makes one with a new key when it does not exist. Refuses a file that
 * others may read.
 */
export function openKeyFile(path: string): KeyRing {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  if (mode === undefined) return writeKeyFile(path, [createSealingKey()]);
  if ((mode & 0o077) !== 0) throw new Error(`${path} can be read by others: run chmod 600 ${path}`);
  const { keys } = parse(path);
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > keysMax)
    throw new Error(`${path} should have a list "keys" of 1 to ${keysMax} keys in base64`);
  return keys.map((key) => createSealingKey(Buffer.from(String(key), 'base64'))) as KeyRing;
}

function parse(path: string): { keys?: unknown } {
  try {
    return Object(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // The parser's own message would quote the file, which is secret.
    throw new Error(`${path} is not valid JSON`);
  }
}

/** Replaces the file at once or not at all, its name included: what is sealed with a key that a power cut took away is lost. */
export function writeKeyFile(path: string, keys: KeyRing): KeyRing {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writePrivateFile(path, `${JSON.stringify({ keys: keys.map(({ secret }) => secret.toString('base64')) })}\n`);
  return keys;
}
