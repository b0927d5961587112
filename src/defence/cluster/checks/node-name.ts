import { type Check, failOn, notApplicable } from '../../contract.ts';
import { pointer } from '../../field.ts';
import { exampleDeployment, podOf, workloadKinds } from '../../workload.ts';

/** The same node, by way of the scheduler: as the controller of DaemonSets names it. */
const onNode = (name: string) => ({
  requiredDuringSchedulingIgnoredDuringExecution: {
    nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] }],
  },
});

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
    const affinity = pointer([...found.prefix, 'spec', 'affinity']);
    const patch = [
      { op: 'remove', path: pointer(field) },
      { op: 'add', path: affinity, value: { nodeAffinity: onNode(name) } },
    ];
    const isFree = found.pod.spec['affinity'] === undefined;
    const detail = `always on node ${name}`;
    return failOn([{ field, reason: 'past the scheduler', detail, ...(isFree ? { patch } : {}) }]);
  },
};
