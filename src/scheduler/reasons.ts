import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import type { NoPreemption } from './preempt.ts';
import { type Explanation, explain, type NoPlacement } from './schedule.ts';
import type { Snapshot } from './snapshot.ts';

/** Why a pod is pending, for programs. `nearest`: the nodes where the least is missing, and how much. */
export type Detail = {
  nodes: number;
  groups: { group: string; nodes: number; refused: Record<string, Record<string, number>> }[];
  nearest: { node: string; lacks: { plugin: string; reason: string; distance?: string }[] }[];
};

/** What follows this in the message of the condition is the Detail as JSON. */
export const detailMark = '\nrempart.io/detail: ';

const groupsMax = 10;
const nearestMax = 3;
const comparedNodesMax = 200;

/** "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) …. preemption: …", as upstream says it. */
export function describe({ verdicts, everywhere }: NoPlacement, nodes: number, preemption?: NoPreemption): string {
  if (nodes === 0) return 'no nodes available to schedule pods';
  const counts = new Map<string, number>();
  for (const { refusals } of verdicts)
    for (const { reason } of refusals) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const why = everywhere ? everywhere.refusals.map(({ reason }) => reason).join(', ') : counted(counts);
  const refused = `0/${nodes} nodes are available: ${why}.`;
  if (preemption === undefined) return refused;
  const help = preemption.why ?? `0/${nodes} nodes are available: ${counted(preemption.reasons)}.`;
  return `${refused} preemption: ${help}`;
}

const counted = (counts: Map<string, number>) =>
  [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ');

/** Nodes are grouped by what owners of clusters call a pool; see nodeGroup. */
export function detailOf(pod: PodInfo, snapshot: Snapshot, { verdicts }: NoPlacement): Detail {
  const groups = new Map<string, Detail['groups'][number]>();
  for (const { node, plugin, refusals } of verdicts) {
    const name = nodeGroup(node);
    const group = groups.get(name) ?? { group: name, nodes: 0, refused: {} };
    groups.set(name, group);
    group.nodes++;
    group.refused[plugin.name] ??= {};
    const reasons = group.refused[plugin.name]!;
    for (const { reason } of refusals) reasons[reason] = (reasons[reason] ?? 0) + 1;
  }
  const compared = verdicts.slice(0, comparedNodesMax).map(({ node }) => node);
  const nearest = explain(pod, compared, snapshot)
    .sort((one, other) => one.lacks.length - other.lacks.length)
    .slice(0, nearestMax);
  return {
    nodes: snapshot.nodes.length,
    groups: [...groups.values()].sort((one, other) => other.nodes - one.nodes).slice(0, groupsMax),
    nearest: nearest.map(({ node, lacks }) => ({ node: node.name, lacks: lacks.map(toLack) })),
  };
}

const toLack = ({ verdict, distance }: Explanation['lacks'][number]) => ({
  plugin: verdict.plugin.name,
  reason: verdict.refusals.map(({ reason }) => reason).join(', '),
  ...(distance === '' ? {} : { distance }),
});

const groupLabels = ['rempart.io/node-group', 'node.kubernetes.io/instance-type', 'topology.kubernetes.io/zone'];

/** The first of these labels that a node has; nodes without any are one group. */
function nodeGroup({ labels }: NodeInfo): string {
  const label = groupLabels.find((name) => labels[name] !== undefined);
  return label === undefined ? 'other nodes' : `${label}=${labels[label]}`;
}
