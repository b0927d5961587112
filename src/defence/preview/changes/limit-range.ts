import { podLimitProblems } from '../../../api/quota/limit-range.ts';
import type { Manifest } from '../../contract.ts';
import { objectText } from '../../object-ref.ts';
import { type Change, changedRef } from '../../snapshot/snapshot.ts';
import { type AdmissionRule, admission } from '../admission.ts';
import { type Candidate, createdPod, namespaceOf } from '../candidates.ts';
import { kindOf } from '../merge.ts';

export const limitRangeRule: AdmissionRule = {
  name: 'LimitRange',
  touches: (change: Change) =>
    changedRef(change).kind === 'LimitRange' ? [changedRef(change).namespace || 'default'] : [],
  refuses(snapshot) {
    const ranges = Map.groupBy(snapshot.of('LimitRange'), namespaceOf);
    return (candidate) => {
      const own = ranges.get(namespaceOf(candidate.object)) ?? [];
      if (own.length === 0) return undefined;
      // Of several ranges any may fill in its defaults first: the API server promises no order.
      const [problems, others] = [own, own.toReversed()].map((ranges) => problemsOf(candidate, ranges));
      const found = problems!.length > 0 ? problems! : others!;
      if (found.length === 0) return undefined;
      const by = own.map(objectText);
      if (problems!.length > 0 && others!.length > 0) return { why: found.join(', '), by };
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

const problemsOf = (candidate: Candidate, ranges: Manifest[]): string[] => [
  ...podLimitProblems(ranges, createdPod(candidate, ranges)),
  ...madeInvalid(candidate, ranges),
];

/** What only the defaults of the ranges make invalid: a default limit below what the pod asks for. */
function madeInvalid(candidate: Candidate, ranges: Manifest[]): string[] {
  const errorsOf = (pod: Manifest) =>
    (kindOf(pod)?.validate(pod) ?? []).map(({ field, message }) => `${field}: ${message}`);
  const already = new Set(errorsOf(createdPod(candidate, [])));
  return errorsOf(createdPod(candidate, ranges)).filter((text) => !already.has(text));
}
