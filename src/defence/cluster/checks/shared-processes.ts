import { type Check, failOn, notApplicable } from '../../contract.ts';
import { pointer } from '../../field.ts';
import { examplePod, podOf, workloadKinds } from '../../workload.ts';

export const sharedProcesses: Check = {
  id: 'shared-processes',
  level: 'cluster',
  severity: 'low',
  title: 'The containers of a pod do not see each other’s processes',
  kinds: workloadKinds,
  why: 'a process sees the environment of the others, and the files of theirs through /proc: one container taken is all taken',
  mend: 'leave shareProcessNamespace out; debug with an ephemeral container',
  benchmark: ['NSA pod security'],
  examples: {
    pass: [[examplePod()]],
    fail: [
      [
        examplePod(({ spec }) => {
          spec.shareProcessNamespace = true;
        }),
      ],
    ],
  },
  judge(object) {
    const found = podOf(object);
    if (found === undefined) return notApplicable;
    if (found.pod.spec['shareProcessNamespace'] !== true) return failOn([]);
    const field = [...found.prefix, 'spec', 'shareProcessNamespace'];
    const patch = [{ op: 'remove', path: pointer(field) }];
    return failOn([{ field, reason: 'shared processes', detail: 'every container sees the processes of all', patch }]);
  },
};
