import { quantityValue } from '../../../foundation/quantity.ts';
import { type Check, failOn, type Manifest, notApplicable } from '../../contract.ts';
import { containersIn, examplePod, workloadKinds } from '../../workload.ts';

const node = (memory: string): Manifest => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'a' },
  status: { allocatable: { memory } },
});
const limited = (memory: string) =>
  examplePod(({ spec }) => {
    spec.containers[0].resources.limits.memory = memory;
  });

export const memoryLimitOverNode: Check = {
  id: 'memory-limit-over-node',
  level: 'cluster',
  severity: 'low',
  title: 'Memory limits are below what a node has',
  kinds: workloadKinds,
  why: 'a limit above the memory of every node never holds: the node runs out before the container does',
  mend: 'set limits.memory to what the container needs at most',
  benchmark: ['NSA pod security'],
  examples: {
    pass: [[limited('1Gi'), node('4Gi')]],
    fail: [[limited('5Gi'), node('4Gi')]],
  },
  judge(object, context) {
    const sizes = context.of('Node').map(({ status }) => quantityValue(status?.allocatable?.memory));
    const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
    if (largest === 0) return notApplicable;
    return failOn(
      containersIn(object).flatMap(({ container, field }) => {
        const limit = container['resources']?.limits?.memory;
        if (quantityValue(limit) <= largest) return [];
        const mebibytes = Math.round(largest / 2 ** 20);
        const detail = `container "${container['name']}" may use ${limit}, and the largest node has ${mebibytes} MiB`;
        return [{ field: [...field, 'resources', 'limits', 'memory'], reason: 'limit that never holds', detail }];
      }),
    );
  },
};
