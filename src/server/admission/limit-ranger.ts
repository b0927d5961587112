import { applyLimitDefaults, claimLimitProblems, podLimitProblems } from '../../api/quota/limit-range.ts';
import type { AdmissionPlugin } from '../contracts.ts';
import { concerns, createdPod, refusal } from './about.ts';

/** The LimitRanges of a namespace: defaults for containers that say nothing, bounds for all. */
export const limitRanger: AdmissionPlugin = {
  name: 'LimitRanger',
  mutate(request) {
    const pod = createdPod(request);
    if (pod !== undefined) applyLimitDefaults(request.lookup.list('limitranges', request.namespace), pod);
  },
  validate(request) {
    // Elsewhere a pod's resources do not change.
    const pod = concerns(request, 'UPDATE', 'pods/resize') ? request.object : createdPod(request);
    const claim =
      concerns(request, 'CREATE', 'persistentvolumeclaims') || concerns(request, 'UPDATE', 'persistentvolumeclaims');
    if (pod === undefined && !(claim && request.object !== undefined)) return;
    const ranges = request.lookup.list('limitranges', request.namespace);
    if (ranges.length === 0) return;
    const problems = pod === undefined ? claimLimitProblems(ranges, request.object!) : podLimitProblems(ranges, pod);
    if (problems.length > 0) throw refusal(request, problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`);
  },
};
