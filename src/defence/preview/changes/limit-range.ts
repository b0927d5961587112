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
      const problems = [...podLimitProblems(own, createdPod(candidate, own)), ...madeInvalid(candidate, own)];
      return problems.length === 0 ? undefined : { why: problems.join(', '), by: own.map(objectText) };
    };
  },
};

/** The bounds and defaults of LimitRanges. */
export const limitRange = admission(limitRangeRule);

/** What only the defaults of the ranges make invalid: a default limit below what the pod asks for. */
function madeInvalid(candidate: Candidate, ranges: Manifest[]): string[] {
  const errorsOf = (pod: Manifest) =>
    (kindOf(pod)?.validate(pod) ?? []).map(({ field, message }) => `${field}: ${message}`);
  const already = new Set(errorsOf(createdPod(candidate, [])));
  return errorsOf(createdPod(candidate, ranges)).filter((text) => !already.has(text));
}
