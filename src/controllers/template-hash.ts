import { createHash } from 'node:crypto';

/** Letters that form no words and cannot be mistaken for one another, as Kubernetes uses in generated names. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * A short name for a value: equal values (as JSON, whatever the order of fields) have equal hashes. A collision, which
 * the owner counts in its status, gives another one.
 */
export function templateHash(value: unknown, collisionCount = 0): string {
  const digest = createHash('sha256').update(canonical(value)).update(`#${collisionCount}`).digest();
  return Array.from(digest.subarray(0, 10), (byte) => alphabet[byte % alphabet.length]).join('');
}

function canonical(value: any): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const fields = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort();
  return `{${fields.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
}
