import type { Container as ContainerSpec, Pod, ResourceRequirements } from '../api/schema/types.d.ts';
import { quantityMilli, quantityValue } from '../foundation/quantity.ts';
import type { LinuxResources } from './runtimes/runtime.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** Amounts of one pod or container: thousandths of a core and bytes. Undefined: not stated. */
export type Amounts = { cpuMilli?: number; memoryBytes?: number; ephemeralBytes?: number };

const amounts = (list: Record<string, string> | undefined): Amounts => ({
  cpuMilli: list?.['cpu'] === undefined ? undefined : quantityMilli(list['cpu']),
  memoryBytes: list?.['memory'] === undefined ? undefined : quantityValue(list['memory']),
  ephemeralBytes: list?.['ephemeral-storage'] === undefined ? undefined : quantityValue(list['ephemeral-storage']),
});

/** A limit without a request is a request too (core/v1 defaulting; static pods do not pass the API's). */
export function requestsOf(resources: ResourceRequirements | undefined): Amounts {
  const asked = resources?.requests as Record<string, string> | undefined;
  return amounts({ ...(resources?.limits as Record<string, string> | undefined), ...asked });
}

export const limitsOf = (resources: ResourceRequirements | undefined): Amounts =>
  amounts(resources?.limits as Record<string, string> | undefined);

/** Guaranteed: requests equal limits for cpu and memory everywhere; BestEffort: none states any. */
export function qosClass(pod: Pod): QosClass {
  const all = [...(pod.spec!.initContainers ?? []), ...pod.spec!.containers].map(({ resources }) => resources);
  const podLevel = pod.spec!.resources;
  const stated = podLevel?.requests || podLevel?.limits ? [podLevel] : all;
  const states = (value: Amounts) => (value.cpuMilli ?? 0) > 0 || (value.memoryBytes ?? 0) > 0;
  if (!stated.some((resources) => states(requestsOf(resources)) || states(limitsOf(resources)))) return 'BestEffort';
  const guaranteed = stated.every((resources) => {
    const [requests, limits] = [requestsOf(resources), limitsOf(resources)];
    if (!limits.cpuMilli || !limits.memoryBytes) return false;
    return requests.cpuMilli === limits.cpuMilli && requests.memoryBytes === limits.memoryBytes;
  });
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

/**
 * What a pod needs at once: its containers and sidecars together, or the largest moment of its init phase, plus
 * overhead. `pick` chooses requests or limits.
 */
export function podAmounts(pod: Pod, pick: typeof requestsOf): Required<Amounts> {
  const keys = ['cpuMilli', 'memoryBytes', 'ephemeralBytes'] as const;
  const total: Required<Amounts> = { cpuMilli: 0, memoryBytes: 0, ephemeralBytes: 0 };
  const overhead = amounts(pod.spec!.overhead as Record<string, string> | undefined);
  const podLevel = pick(pod.spec!.resources);
  for (const key of keys) {
    const of = (container: ContainerSpec) => pick(container.resources)[key] ?? 0;
    let sidecars = 0;
    let peak = 0;
    for (const init of pod.spec!.initContainers ?? []) {
      if (init.restartPolicy === 'Always') sidecars += of(init);
      peak = Math.max(peak, init.restartPolicy === 'Always' ? sidecars : sidecars + of(init));
    }
    const mains = pod.spec!.containers.reduce((sum, container) => sum + of(container), sidecars);
    total[key] = (podLevel[key] ?? Math.max(mains, peak)) + (overhead[key] ?? 0);
  }
  return total;
}

const cpuPeriodMicroseconds = 100_000;

/** Cgroup cpu.shares for a request: 1024 per core, at least 2. */
export const cpuShares = (cpuMilli: number) => Math.min(Math.max(Math.floor((cpuMilli * 1024) / 1000), 2), 262_144);

/** CFS quota for a limit, at least 1 ms per period; 0 means no limit. */
export const cpuQuota = (cpuMilli: number) => (cpuMilli > 0 ? Math.max(cpuMilli * 100, 1000) : 0);

/** Linux limits of one container. `nodeMemoryBytes` scales the OOM score of Burstable pods, as the kubelet does. */
export function linuxResources(pod: Pod, container: ContainerSpec, nodeMemoryBytes: number): LinuxResources {
  const requests = requestsOf(container.resources);
  const limits = limitsOf(container.resources);
  return {
    cpuPeriodMicroseconds,
    cpuQuotaMicroseconds: cpuQuota(limits.cpuMilli ?? 0),
    cpuShares: cpuShares(requests.cpuMilli ?? 0),
    memoryLimitBytes: limits.memoryBytes ?? 0,
    oomScoreAdj: oomScoreAdj(pod, requests.memoryBytes ?? 0, nodeMemoryBytes),
  };
}

/** -997 for Guaranteed and node-critical pods, 1000 for BestEffort, between by the share of memory not asked for. */
export function oomScoreAdj(pod: Pod, memoryRequestBytes: number, nodeMemoryBytes: number): number {
  if ((pod.spec!.priority ?? 0) >= 2_000_001_000) return -997;
  const qos = qosClass(pod);
  if (qos !== 'Burstable') return qos === 'Guaranteed' ? -997 : 1000;
  const score = 1000 - Math.floor((1000 * memoryRequestBytes) / nodeMemoryBytes);
  return Math.min(Math.max(score, 3), 999);
}
