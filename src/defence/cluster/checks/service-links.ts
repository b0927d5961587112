import { type Check, failOn, notApplicable } from '../../contract.ts';
import { pointer } from '../../field.ts';
import { examplePod, podOf, workloadKinds } from '../../workload.ts';

export const serviceLinks: Check = {
  id: 'service-links',
  level: 'cluster',
  severity: 'low',
  title: 'Pods are not told the addresses of every Service of their namespace',
  kinds: workloadKinds,
  why: 'an intruder reads from the environment what there is to reach, and programs misread variables of that form',
  mend: 'set enableServiceLinks: false; names are found by DNS',
  benchmark: ['NSA pod security'],
  examples: {
    pass: [
      [
        examplePod(({ spec }) => {
          spec.enableServiceLinks = false;
        }),
      ],
    ],
    fail: [[examplePod()]],
  },
  judge(object) {
    const found = podOf(object);
    if (found === undefined) return notApplicable;
    if (found.pod.spec['enableServiceLinks'] === false) return failOn([]);
    const field = [...found.prefix, 'spec', 'enableServiceLinks'];
    const patch = [{ op: 'add', path: pointer(field), value: false }];
    return failOn([{ field, reason: 'service links', detail: 'a variable for each Service of the namespace', patch }]);
  },
};
