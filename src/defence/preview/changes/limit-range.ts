import { applyLimitDefaults, podLimitProblems } from '../../../api/quota/limit-range.ts';
import { type Change, changedRef } from '../../snapshot/snapshot.ts';
import { admission, objectText } from '../admission.ts';
import { namespaceOf } from '../candidates.ts';

/** The bounds and defaults of LimitRanges. */
export const limitRange = admission({
  name: 'LimitRange',
  touches: (change: Change) =>
    changedRef(change).kind === 'LimitRange' ? [changedRef(change).namespace || 'default'] : [],
  refuses(snapshot) {
    const ranges = Map.groupBy(snapshot.of('LimitRange'), namespaceOf);
    return ({ pod, object }) => {
      const own = ranges.get(namespaceOf(object)) ?? [];
      if (own.length === 0) return undefined;
      const made = structuredClone(pod);
      applyLimitDefaults(own, made);
      const problems = podLimitProblems(own, made);
      return problems.length === 0 ? undefined : { why: problems.join(', '), by: own.map(objectText) };
    };
  },
});
