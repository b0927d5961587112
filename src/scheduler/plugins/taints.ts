import type { Taint, Toleration } from '../../api/schema/types.d.ts';
import { toleratesTaint } from '../../api/tolerations.ts';
import type { NodeInfo } from '../node-info.ts';
import { lowestIsBest, type Plugin } from '../plugin.ts';

const untolerated = (tolerations: Toleration[], taints: Taint[]) =>
  taints.find((taint) => !tolerations.some((toleration) => toleratesTaint(toleration, taint)));

/** The first taint that keeps the pod out, if any. */
export const untoleratedTaint = (tolerations: Toleration[] | undefined, node: NodeInfo): Taint | undefined =>
  node.taints.length === 0 ? undefined : untolerated(tolerations ?? [], node.taints);

/** Nodes whose taints the pod does not tolerate; nodes with fewer soft ones are better. */
export const taints: Plugin<{ hard: Toleration[]; soft: Toleration[] }> = {
  name: 'TaintToleration',
  wakes: ['node'],
  local: true,
  prepare({ pod }) {
    const hard = pod.spec?.tolerations ?? [];
    return { state: { hard, soft: hard.filter(({ effect }) => !effect || effect === 'PreferNoSchedule') } };
  },
  filter({ hard }, _pod, node) {
    const taint = untoleratedTaint(hard, node);
    if (taint === undefined) return undefined;
    const reason = `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
    return [{ reason, resolvable: false }];
  },
  weight: 3,
  score: ({ soft }, _pod, { softTaints }) =>
    softTaints.length === 0 ? 0 : softTaints.filter((taint) => untolerated(soft, [taint]) !== undefined).length,
  normalize: lowestIsBest,
};
