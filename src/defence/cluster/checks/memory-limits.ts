import { type Check, failOn } from '../../contract.ts';
import { containersIn, examplePod, workloadKinds } from '../../workload.ts';

export const memoryLimits: Check = {
  id: 'memory-limits',
  level: 'cluster',
  severity: 'medium',
  title: 'Every container has a memory limit',
  kinds: workloadKinds,
  why: 'one container without a limit can take the memory of its whole node, and of every pod there',
  mend: 'set resources.limits.memory',
  benchmark: ['NSA pod security'],
  examples: {
    pass: [[examplePod()]],
    fail: [[examplePod(({ spec }) => void delete spec.containers[0].resources.limits)]],
  },
  judge(object) {
    return failOn(
      containersIn(object)
        .filter(({ container, ephemeral }) => !ephemeral && !container['resources']?.limits?.memory)
        .map(({ container, field }) => ({
          field: [...field, 'resources', 'limits', 'memory'],
          reason: 'no memory limit',
          detail: `container "${container['name']}" may use all memory of its node`,
        })),
    );
  },
};
