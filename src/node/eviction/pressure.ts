import { qosClass } from '../../api/pods/qos.ts';
import type { Pod } from '../../api/schema/types.d.ts';
import type { Pressure } from '../machine.ts';
import { isStatic } from '../pods/static-pod.ts';

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

const criticalPriority = 2_000_000_000;
/** Never evicted, and taken by a node under any pressure. */
export const isCritical = (pod: Pod) => isStatic(pod) || (pod.spec?.priority ?? 0) >= criticalPriority;

/** Why a pod may not start on a node under pressure: anything with a promise about memory may. */
export function pressureRefusal(pod: Pod, under: UnderPressure): string | undefined {
  if (isCritical(pod)) return undefined;
  if (under.disk) return 'The node had condition: [DiskPressure].';
  if (under.processes) return 'The node had condition: [PIDPressure].';
  if (under.memory && qosClass(pod) === 'BestEffort') return 'The node had condition: [MemoryPressure].';
  return undefined;
}
