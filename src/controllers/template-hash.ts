import { createHash } from 'node:crypto';
import { canonicalJson } from '../foundation/json.ts';

/** Letters that form no words and cannot be mistaken for one another, as Kubernetes uses in generated names. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * A short name for a value: equal values (as JSON, whatever the order of fields) have equal hashes. A collision, which
 * the owner counts in its status, gives another one.
 */
export function templateHash(value: unknown, collisionCount = 0): string {
  const digest = createHash('sha256').update(canonicalJson(value)).update(`#${collisionCount}`).digest();
  return Array.from(digest.subarray(0, 10), (byte) => alphabet[byte % alphabet.length]).join('');
}
