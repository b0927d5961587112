import type { Wake } from './plugin.ts';
import type { PodInfo } from './pod-info.ts';
import type { Detail } from './reasons.ts';

/** What a pod was told when it did not fit. */
export type Told = { message: string; detail: Detail | undefined; wakes: Set<Wake> };

const rememberedMax = 1000;

/**
 * Pods of one template fail alike: as long as nothing has changed that could help, the answer that the first of them got
 * holds for all, and thousands of pending replicas cost as much as one.
 */
export function createRefusals() {
  const known = new Map<string, Told>();
  return {
    find: (pod: PodInfo): Told | undefined => (known.size === 0 ? undefined : known.get(signature(pod))),
    remember(pod: PodInfo, told: Told): void {
      if (known.size >= rememberedMax) known.clear();
      known.set(signature(pod), told);
    },
    changed(change: Wake): void {
      for (const [key, { wakes }] of known) if (wakes.has(change)) known.delete(key);
    },
  };
}

/** Everything that a decision is made from. */
function signature({ pod, namespace, labels, priority, requests, ports, claims }: PodInfo): string {
  const { nodeName, nodeSelector, affinity, tolerations, topologySpreadConstraints, preemptionPolicy } = pod.spec ?? {};
  const { extended, ...amounts } = requests;
  const own = [nodeName, nodeSelector, affinity, tolerations, topologySpreadConstraints, preemptionPolicy];
  return JSON.stringify([namespace, labels, priority, amounts, [...(extended ?? [])], ports, claims, own]);
}
