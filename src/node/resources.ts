import { limitsOf, parseAmounts, requestsOf } from '../api/pod-resources.ts';
import { qosClass } from '../api/pods/qos.ts';
import type { Container as ContainerSpec, Pod } from '../api/schema/types.d.ts';
import type { LinuxResources } from './runtimes/runtime.ts';

const cpuPeriodMicroseconds = 100_000;

/** Cgroup cpu.shares for a request: 1024 per core, at least 2. */
export const cpuShares = (cpuMilli: number) => Math.min(Math.max(Math.floor((cpuMilli * 1024) / 1000), 2), 262_144);

/** CFS quota for a limit, at least 1 ms per period; 0 means no limit. */
export const cpuQuota = (cpuMilli: number) => (cpuMilli > 0 ? Math.max(cpuMilli * 100, 1000) : 0);

/** Linux limits of one container. `nodeMemoryBytes` scales the OOM score of Burstable pods, as the kubelet does. */
export function linuxResources(pod: Pod, container: ContainerSpec, nodeMemoryBytes: number): LinuxResources {
  const requests = parseAmounts(requestsOf(container.resources));
  const limits = parseAmounts(limitsOf(container.resources));
  return {
    cpuPeriodMicroseconds,
    cpuQuotaMicroseconds: cpuQuota(limits.cpuMilli),
    cpuShares: cpuShares(requests.cpuMilli),
    memoryLimitBytes: limits.memoryBytes,
    oomScoreAdj: oomScoreAdj(pod, requests.memoryBytes, nodeMemoryBytes),
  };
}

/** -997 for Guaranteed and node-critical pods, 1000 for BestEffort, between by the share of memory not asked for. */
function oomScoreAdj(pod: Pod, memoryRequestBytes: number, nodeMemoryBytes: number): number {
  if ((pod.spec!.priority ?? 0) >= 2_000_001_000) return -997;
  const qos = qosClass(pod);
  if (qos !== 'Burstable') return qos === 'Guaranteed' ? -997 : 1000;
  const score = 1000 - Math.floor((1000 * memoryRequestBytes) / nodeMemoryBytes);
  return Math.min(Math.max(score, 3), 999);
}
