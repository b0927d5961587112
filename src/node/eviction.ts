import { podAmounts, requestsOf } from '../api/pod-resources.ts';
import type { Pod } from '../api/schema/types.d.ts';
import type { Pressure } from './machine.ts';
import { isStatic } from './pods/static-pod.ts';
import { qosClass } from './resources.ts';

/** Signals of a node that runs out of something, as its conditions say it. */
export type UnderPressure = { memory: boolean; disk: boolean; processes: boolean };

/** The kubelet's hard thresholds. */
const memoryAvailableBytesMin = 100 * 2 ** 20;
const diskAvailableRatioMin = 0.1;
const inodesFreeRatioMin = 0.05;
const processesFreeRatioMin = 0.1;
/** A pressure that has gone is believed after this long, so that pods do not come back into it. */
const calmMs = 60_000;

/** Which thresholds are crossed right now. */
export function crossed(pressure: Pressure): UnderPressure {
  const { memoryAvailableBytes, diskAvailableBytes, diskBytes, inodesFreeRatio, processesFreeRatio } = pressure;
  return {
    memory: memoryAvailableBytes < memoryAvailableBytesMin,
    disk: diskAvailableBytes < diskBytes * diskAvailableRatioMin || inodesFreeRatio < inodesFreeRatioMin,
    processes: processesFreeRatio < processesFreeRatioMin,
  };
}

/** Keeps a signal up until it has been gone for a minute. */
export function createPressureMemory(): (now: UnderPressure, nowMs: number) => UnderPressure {
  const lastMs = new Map<keyof UnderPressure, number>();
  return (now, nowMs) => {
    const held = (key: keyof UnderPressure) => {
      if (now[key]) lastMs.set(key, nowMs);
      return nowMs - (lastMs.get(key) ?? Number.NEGATIVE_INFINITY) < calmMs;
    };
    return { memory: held('memory'), disk: held('disk'), processes: held('processes') };
  };
}

export type Candidate = { pod: Pod; workingSetBytes: number; processes: number };

const criticalPriority = 2_000_000_000;
const isCritical = (pod: Pod) => isStatic(pod) || (pod.spec?.priority ?? 0) >= criticalPriority;

/**
 * Pods in the order in which they go when memory or processes run out: first those that use more than they asked for,
 * among these the lowest priority, then the most above its request. Critical and static pods never go.
 */
export function evictionOrder(candidates: Candidate[], signal: keyof UnderPressure): Candidate[] {
  const excess = ({ pod, workingSetBytes, processes }: Candidate) =>
    signal === 'processes' ? processes : workingSetBytes - podAmounts(pod, requestsOf).memoryBytes;
  const over = (candidate: Candidate) => (excess(candidate) > 0 ? 0 : 1);
  const classes = ['BestEffort', 'Burstable', 'Guaranteed'];
  const rank = ({ pod }: Candidate) => classes.indexOf(qosClass(pod));
  const priority = ({ pod }: Candidate) => pod.spec?.priority ?? 0;
  return candidates
    .filter(({ pod }) => !isCritical(pod))
    .sort(
      (a, b) =>
        // Without per-pod disk figures, what was promised least goes first.
        (signal === 'disk' ? rank(a) - rank(b) : over(a) - over(b)) ||
        priority(a) - priority(b) ||
        excess(b) - excess(a),
    );
}

/** Why a pod may not start on a node under pressure: anything with a promise about memory may. */
export function pressureRefusal(pod: Pod, under: UnderPressure): string | undefined {
  if (isCritical(pod)) return undefined;
  if (under.disk) return 'The node had condition: [DiskPressure].';
  if (under.processes) return 'The node had condition: [PIDPressure].';
  if (under.memory && qosClass(pod) === 'BestEffort') return 'The node had condition: [MemoryPressure].';
  return undefined;
}

export type EvictorOptions = {
  candidates(): Promise<Candidate[]>;
  /** Removes images that no container uses; true when that freed something. */
  freeImages(): Promise<boolean>;
  evict(pod: Pod, message: string): void;
};

const texts = { memory: 'memory', disk: 'ephemeral-storage', processes: 'pids' };

/** At each look at a node under pressure one pod goes, and only when nothing cheaper helps. */
export async function relieve(now: UnderPressure, options: EvictorOptions): Promise<void> {
  if (now.disk && (await options.freeImages())) return;
  const signal = (['memory', 'disk', 'processes'] as const).find((key) => now[key]);
  if (signal === undefined) return;
  const [first] = evictionOrder(await options.candidates(), signal);
  if (first) options.evict(first.pod, `The node was low on resource: ${texts[signal]}.`);
}
