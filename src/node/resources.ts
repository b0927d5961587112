import { type Amounts, limitsOf, parseAmounts, requestsOf } from '../api/pod-resources.ts';
import type { Container as ContainerSpec, Pod } from '../api/schema/types.d.ts';
import type { LinuxResources } from './runtimes/runtime.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** Guaranteed: requests equal limits for cpu and memory everywhere; BestEffort: none states any. */
export function qosClass(pod: Pod): QosClass {
  const all = [...(pod.spec!.initContainers ?? []), ...pod.spec!.containers].map(({ resources }) => resources);
  const podLevel = pod.spec!.resources;
  const stating = podLevel?.requests || podLevel?.limits ? [podLevel] : all;
  const amounts = stating.map((resources) => ({
    requests: parseAmounts(requestsOf(resources)),
    limits: parseAmounts(limitsOf(resources)),
  }));
  const states = ({ cpuMilli, memoryBytes }: Amounts) => cpuMilli > 0 || memoryBytes > 0;
  if (!amounts.some(({ requests, limits }) => states(requests) || states(limits))) return 'BestEffort';
  const guaranteed = amounts.every(
    ({ requests, limits }) =>
      limits.cpuMilli > 0 &&
      limits.memoryBytes > 0 &&
      requests.cpuMilli === limits.cpuMilli &&
      requests.memoryBytes === limits.memoryBytes,
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

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
