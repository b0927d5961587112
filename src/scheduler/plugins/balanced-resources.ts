import { type Plugin, stateless } from '../plugin.ts';

/** Better are nodes whose shares of used cpu and memory are alike, so that neither is stranded. */
export const balancedResources: Plugin<undefined> = {
  name: 'NodeResourcesBalancedAllocation',
  wakes: [],
  local: true,
  prepare: () => stateless,
  weight: 1,
  score(_state, pod, { allocatable, requested }) {
    const cpu = share(requested.cpuMilli + pod.requests.cpuMilli, allocatable.cpuMilli);
    const memory = share(requested.memoryBytes + pod.requests.memoryBytes, allocatable.memoryBytes);
    // The standard deviation of two values is half of their distance.
    return 100 * (1 - Math.abs(cpu - memory) / 2);
  },
};

const share = (used: number, total: number) => (total > 0 ? Math.min(1, used / total) : 0);
