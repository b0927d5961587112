import type { PodInfo } from '../pod-info.ts';
import { schedule } from '../schedule.ts';
import type { World } from '../snapshot.ts';
import { buildNode } from './builders.ts';

/** The names of all nodes that the pod could go to, and each other node's first reason. */
export function choices(pod: PodInfo, world: World): { fit: string[]; reasons: string[] } {
  const fit: string[] = [];
  const reasons = new Set<string>();
  for (const node of world.nodes) {
    const alone = { ...world, nodes: [node] };
    const result = schedule(pod, alone);
    if (result.node) fit.push(node.name);
    else
      for (const { refusals } of [...result.verdicts, ...(result.everywhere ? [result.everywhere] : [])])
        for (const { reason } of refusals) reasons.add(reason);
  }
  return { fit, reasons: [...reasons].sort() };
}

export const twoZones = () => [
  buildNode('a1', { labels: { zone: 'a' } }),
  buildNode('a2', { labels: { zone: 'a' } }),
  buildNode('b1', { labels: { zone: 'b' } }),
];
