import { networkPolicy } from '../../api/kinds/network-policy.ts';
import type { FieldError } from '../../api/status.ts';
import { type NetworkPolicy, parsePolicy } from '../../policy/policy.ts';
import type { Manifest } from '../contract.ts';

/** Throws when it cannot be parsed. */
export function readPolicy(object: Manifest): NetworkPolicy {
  const policy = object as unknown as NetworkPolicy;
  parsePolicy(policy);
  return policy;
}

const checkedPolicies = new WeakSet<Manifest>();

/** What an API server would refuse is no policy: it would not be there. Throws with what is wrong. */
export function checkedPolicy(object: Manifest): NetworkPolicy {
  const policy = readPolicy(object);
  if (checkedPolicies.has(object)) return policy;
  const [wrong] = refusalsOf(object);
  if (wrong !== undefined) throw new Error(`${wrong.field}: ${wrong.message}`);
  checkedPolicies.add(object);
  return policy;
}

/** Validation is of decoded objects; in a file a list may be null, which is none. */
function refusalsOf(object: Manifest): FieldError[] {
  try {
    return networkPolicy.validate(object);
  } catch {
    return [];
  }
}
