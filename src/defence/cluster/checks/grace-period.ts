import { type Check, failOn, notApplicable } from '../../contract.ts';
import { pointer } from '../../field.ts';
import { examplePod, podOf, workloadKinds } from '../../workload.ts';

export const gracePeriod: Check = {
  id: 'grace-period',
  level: 'cluster',
  severity: 'low',
  title: 'Containers may end by themselves',
  kinds: workloadKinds,
  why: 'with a grace period of 0 the process is killed at once, and the pod forgotten before it has ended: two may write the same data',
  mend: 'give it the seconds that it needs to end; 30 is the default',
  benchmark: ['NSA upgrading and application security'],
  examples: {
    pass: [[examplePod()]],
    fail: [
      [
        examplePod(({ spec }) => {
          spec.terminationGracePeriodSeconds = 0;
        }),
      ],
    ],
  },
  judge(object) {
    const found = podOf(object);
    if (found === undefined) return notApplicable;
    if (found.pod.spec['terminationGracePeriodSeconds'] !== 0) return failOn([]);
    const field = [...found.prefix, 'spec', 'terminationGracePeriodSeconds'];
    const patch = [{ op: 'remove', path: pointer(field) }];
    return failOn([{ field, reason: 'killed at once', detail: 'no time to end', patch }]);
  },
};
