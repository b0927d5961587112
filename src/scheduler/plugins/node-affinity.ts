import { type NodeTerm, nodeTermMatches, parseNodeTerm } from '../../api/node-selector.ts';
import { matchesLabels } from '../../api/selectors.ts';
import type { NodeInfo } from '../node-info.ts';
import { highestIsBest, type Plugin, type Prepared } from '../plugin.ts';
import type { PodInfo } from '../pod-info.ts';

type Weighted = { weight: number; term: NodeTerm };

/** nodeSelector and required node affinity together. */
export function matchesNode({ pod, nodeTerms }: PodInfo, node: NodeInfo): boolean {
  if (!matchesLabels(pod.spec?.nodeSelector, node.labels)) return false;
  return nodeTerms === undefined || nodeTerms.some((term) => nodeTermMatches(term, node));
}

/** When every term names its nodes, as those of DaemonSet pods do, only these need a look. */
function namedNodes(terms: NodeTerm[] | undefined): string[] | undefined {
  if (terms === undefined) return undefined;
  const lists = terms.map(({ fields }) =>
    fields.find(({ key, operator }) => key === 'metadata.name' && operator === 'in'),
  );
  return lists.every((found) => found !== undefined) ? lists.flatMap(({ values }) => values) : undefined;
}

const refusals = [{ reason: "node(s) didn't match Pod's node affinity/selector", resolvable: false }];

export const nodeAffinity: Plugin<{ required: boolean; preferred: Weighted[] }> = {
  name: 'NodeAffinity',
  wakes: ['node'],
  local: true,
  prepare({ pod, nodeTerms }): Prepared<{ required: boolean; preferred: Weighted[] }> | undefined {
    const raw = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const preferred = raw.map(({ weight, preference }) => ({ weight, term: parseNodeTerm(preference) }));
    const required = nodeTerms !== undefined || Object.keys(pod.spec?.nodeSelector ?? {}).length > 0;
    if (!required && preferred.length === 0) return undefined;
    return { state: { required, preferred }, nodes: namedNodes(nodeTerms) };
  },
  filter: ({ required }, pod, node) => (required && !matchesNode(pod, node) ? refusals : undefined),
  weight: 2,
  score: ({ preferred }, _pod, node) =>
    preferred.reduce((sum, { weight, term }) => (nodeTermMatches(term, node) ? sum + weight : sum), 0),
  normalize: highestIsBest,
};
