import { type Check, failOn } from '../../contract.ts';
import { containersIn, examplePod, workloadKinds } from '../../workload.ts';

export const ephemeralStorage: Check = {
  id: 'ephemeral-storage-limits',
  level: 'cluster',
  severity: 'low',
  title: 'Every container has a limit on what it writes to the disk of its node',
  kinds: workloadKinds,
  why: 'logs and files of one container can fill the disk, and the node then evicts pods that did nothing',
  mend: 'set resources.limits.ephemeral-storage',
  benchmark: ['NSA pod security'],
  examples: {
    pass: [
      [
        examplePod(({ spec }) => {
          spec.containers[0].resources.limits['ephemeral-storage'] = '1Gi';
        }),
      ],
    ],
    fail: [[examplePod()]],
  },
  judge(object) {
    return failOn(
      containersIn(object)
        .filter(({ container, ephemeral }) => !ephemeral && !container['resources']?.limits?.['ephemeral-storage'])
        .map(({ container, field }) => ({
          field: [...field, 'resources', 'limits', 'ephemeral-storage'],
          reason: 'no limit on disk',
          detail: `container "${container['name']}" may fill the disk of its node`,
        })),
    );
  },
};
