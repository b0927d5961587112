import { podLimitProblems } from '../../../api/quota/limit-range.ts';
import type { Manifest } from '../../contract.ts';
import { objectText } from '../../object-ref.ts';
import { type Change, changedRef, type Snapshot } from '../../snapshot/snapshot.ts';
import { type AdmissionRule, admission } from '../admission.ts';
import { type Candidate, namespaceOf } from '../candidates.ts';
import { createdPod, limitRangesIn } from '../made-pod.ts';
import { kindOf } from '../merge.ts';
import { claimProblems } from './claims.ts';

export const limitRangeRule: AdmissionRule = {
  name: 'LimitRange',
  touches: (change: Change) =>
    changedRef(change).kind === 'LimitRange' ? [changedRef(change).namespace || 'default'] : [],
  refuses(snapshot) {
    return (candidate) => {
      const own = limitRangesIn(snapshot, namespaceOf(candidate.object));
      if (own.length === 0) return undefined;
      // Of several ranges any may fill in its defaults first: the API server promises no order.
      const problems = problemsOf(candidate, own, snapshot);
      const others = own.length === 1 ? problems : problemsOf(candidate, own.toReversed(), snapshot);
      const found = problems.length > 0 ? problems : others;
      const by = own.map(objectText);
      if (found.length === 0) {
        const ofClaims = claimProblems(candidate, snapshot);
        return ofClaims && { ...ofClaims, by };
      }
      if (problems.length > 0 && others.length > 0) return { why: found.join(', '), by };
      return {
        outcome: 'unknown',
        why: `if defaults are filled in in one order and not in the other: ${found.join(', ')}`,
        by,
      };
    };
  },
};

/** The bounds and defaults of LimitRanges. */
export const limitRange = admission(limitRangeRule);

function problemsOf({ pod }: Candidate, ranges: Manifest[], snapshot: Snapshot): string[] {
  const created = createdPod(pod, snapshot, ranges);
  return [...podLimitProblems(ranges, created), ...madeInvalid(pod, created, snapshot)];
}

/** What only the defaults of the ranges make invalid: a default limit below what the pod asks for. */
function madeInvalid(pod: Manifest, created: Manifest, snapshot: Snapshot): string[] {
  const errorsOf = (object: Manifest) =>
    (kindOf(object)?.validate(object) ?? []).map(({ field, message }) => `${field}: ${message}`);
  const errors = errorsOf(created);
  if (errors.length === 0) return [];
  const already = new Set(errorsOf(createdPod(pod, snapshot, [])));
  return errors.filter((text) => !already.has(text));
}
