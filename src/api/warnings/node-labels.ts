import type { NodeSelectorTerm } from '../schema/types.d.ts';

/** Labels of nodes that have another name now. Source: kubernetes/kubernetes pkg/api/node/util.go. */
const replaced: Record<string, string> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods': 'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
};

/** What is to be said of a label of nodes; undefined of most. */
export const oldLabel = (key: string): string | undefined => (Object.hasOwn(replaced, key) ? replaced[key] : undefined);

export function warnOfTerm({ matchExpressions }: NodeSelectorTerm, field: string, warnings: string[]): void {
  matchExpressions?.forEach(({ key }, index) => {
    const why = oldLabel(key);
    if (why) warnings.push(`${field}.matchExpressions[${index}].key: ${key} is ${why}`);
  });
}
