import { toleratesTaint } from '../../api/tolerations.ts';
import { type Plugin, stateless } from '../plugin.ts';

const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
const refusals = [{ reason: 'node(s) were unschedulable', resolvable: false }];

/** Cordoned nodes take only pods that tolerate it. */
export const nodeUnschedulable: Plugin<undefined> = {
  name: 'NodeUnschedulable',
  wakes: ['node'],
  local: true,
  prepare: ({ pod }) => (pod.spec?.tolerations?.some((it) => toleratesTaint(it, taint)) ? undefined : stateless),
  filter: (_state, _pod, node) => (node.unschedulable ? refusals : undefined),
};
