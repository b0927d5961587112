import { jsonDifference } from '../merge/json-difference.ts';
import { evaluatePod, type PodLike, type PodSecurityPolicy, type Violation } from './pod-security.ts';

export type PatchOperation = { op: string; path: string; value?: unknown };

/**
 * The JSON patch (RFC 6902) after which the pod meets the policy, checked by evaluating what it gives; `prefix` is
 * where the pod stands in its owner (`/spec/template`). Undefined when something is left that only its author can
 * decide, such as what replaces a hostPath volume.
 */
export function mendingPatch(
  pod: PodLike,
  violations: Violation[],
  policy: PodSecurityPolicy,
  prefix = '',
): PatchOperation[] | undefined {
  const mended = structuredClone(pod);
  for (const { mend } of violations.flatMap(({ offences }) => offences)) mend?.(mended);
  if (evaluatePod(mended, policy).length > 0) return undefined;
  return jsonDifference(pod, mended).map((operation) => ({
    ...operation,
    path: `${prefix}${operation.path}`,
  }));
}
