import type { Taint, Toleration } from '../../api/schema/types.d.ts';
import type { NodeInfo } from '../node-info.ts';
import { lowestIsBest, type Plugin } from '../plugin.ts';

/** Source: k8s.io/api/core/v1/toleration.go, ToleratesTaint. An empty key with Exists tolerates all. */
export function toleratesTaint({ key = '', operator, value = '', effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  if (operator === 'Exists') return true;
  if (operator === 'Lt' || operator === 'Gt') return compares(operator, taint.value, value);
  return key !== '' && value === (taint.value ?? '');
}

/** Numeric tolerations: the taint's value is less, or greater, than the toleration's. */
function compares(operator: 'Lt' | 'Gt', taintValue: string | undefined, value: string): boolean {
  const integer = /^-?\d{1,18}$/;
  if (!integer.test(taintValue ?? '') || !integer.test(value)) return false;
  return operator === 'Lt' ? BigInt(taintValue!) < BigInt(value) : BigInt(taintValue!) > BigInt(value);
}

const untolerated = (tolerations: Toleration[], taints: Taint[]) =>
  taints.find((taint) => !tolerations.some((toleration) => toleratesTaint(toleration, taint)));

/** The first taint that keeps the pod out, if any. */
export const untoleratedTaint = (tolerations: Toleration[] | undefined, node: NodeInfo): Taint | undefined =>
  node.taints.length === 0 ? undefined : untolerated(tolerations ?? [], node.taints);

/** Nodes whose taints the pod does not tolerate; nodes with fewer soft ones are better. */
export const taints: Plugin<{ hard: Toleration[]; soft: Toleration[] }> = {
  name: 'TaintToleration',
  wakes: ['node'],
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
