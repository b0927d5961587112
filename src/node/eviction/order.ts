import { podAmounts, requestsOf } from '../../api/pod-resources.ts';
import type { Pod } from '../../api/schema/types.d.ts';
import { isCritical, type UnderPressure } from './pressure.ts';

export type Candidate = { pod: Pod; workingSetBytes: number; processes: number; diskBytes: number };

/**
 * Pods in the order in which they go when something runs out: first those that use more than they asked for, among these
 * the lowest priority, then the most above its request. Critical and static pods never go. Source: kubernetes/kubernetes
 * pkg/kubelet/eviction/helpers.go.
 */
export function evictionOrder(candidates: Candidate[], signal: keyof UnderPressure): Candidate[] {
  const priority = ({ pod }: Candidate) => pod.spec?.priority ?? 0;
  return candidates
    .filter(({ pod }) => !isCritical(pod))
    .map((candidate) => ({ candidate, excess: excessOf(candidate, signal) }))
    .sort(
      (a, b) =>
        Number(b.excess > 0) - Number(a.excess > 0) ||
        priority(a.candidate) - priority(b.candidate) ||
        b.excess - a.excess,
    )
    .map(({ candidate }) => candidate);
}

/** Nobody asks for processes. */
function excessOf({ pod, workingSetBytes, diskBytes, processes }: Candidate, signal: keyof UnderPressure): number {
  if (signal === 'processes') return processes;
  const { memoryBytes, ephemeralBytes } = podAmounts(pod, requestsOf);
  return signal === 'memory' ? workingSetBytes - memoryBytes : diskBytes - ephemeralBytes;
}
