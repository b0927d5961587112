import { type Check, failOn, notApplicable } from '../../contract.ts';
import { exampleDeployment, podOf, workloadKinds } from '../../workload.ts';

export const nodeName: Check = {
  id: 'node-name',
  level: 'cluster',
  severity: 'medium',
  title: 'The scheduler chooses the node',
  kinds: workloadKinds,
  why: 'nodeName goes past taints, resources and affinity, also onto machines of the control plane',
  mend: 'use a nodeSelector, or affinity',
  benchmark: ['NSA pod security'],
  examples: {
    pass: [[exampleDeployment()]],
    fail: [
      [
        exampleDeployment(({ spec }) => {
          spec.template.spec.nodeName = 'control-plane-1';
        }),
      ],
    ],
  },
  judge(object, context) {
    const found = podOf(object);
    if (found === undefined) return notApplicable;
    // In a cluster every pod has one: only those of templates were written by somebody.
    if (found.prefix.length === 0 && context.source === 'cluster') return notApplicable;
    const name = found.pod.spec['nodeName'];
    if (!name) return failOn([]);
    const field = [...found.prefix, 'spec', 'nodeName'];
    return failOn([{ field, reason: 'past the scheduler', detail: `always on node ${name}` }]);
  },
};
