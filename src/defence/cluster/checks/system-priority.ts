import { type Check, failOn, pass } from '../../contract.ts';
import { examplePod, podOf, workloadKinds } from '../../workload.ts';

const withPriority = (name: string, namespace = 'shop') =>
  examplePod(({ spec, metadata }) => {
    spec.priorityClassName = name;
    metadata.namespace = namespace;
  });

export const systemPriority: Check = {
  id: 'system-priority',
  level: 'cluster',
  severity: 'medium',
  title: 'Only what the cluster needs has a system priority',
  kinds: workloadKinds,
  why: 'such a pod drives out all others, and is driven out by none: an application with a leak takes its node along',
  mend: 'use a PriorityClass of your own below a billion',
  benchmark: ['NSA pod security'],
  examples: {
    pass: [[withPriority('shop-high')], [withPriority('system-node-critical', 'kube-system')]],
    fail: [[withPriority('system-node-critical')]],
  },
  judge(object) {
    const found = podOf(object);
    const name = found?.pod.spec['priorityClassName'];
    if (found === undefined || !/^system-/.test(name ?? '')) return pass;
    if (object.metadata.namespace?.startsWith('kube-')) return pass;
    const field = [...found.prefix, 'spec', 'priorityClassName'];
    return failOn([
      { field, reason: 'priority of the system', detail: `${name} outside the namespaces of the system` },
    ]);
  },
};
