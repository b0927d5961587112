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
    const largest = largestOf(context.of('Node'));
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

/** Allocatable bytes of the largest node, 0 without any. Looked up once for a list: every pod asks. */
const known = new WeakMap<Manifest[], number>();

function largestOf(nodes: Manifest[]): number {
  let largest = known.get(nodes);
  if (largest === undefined) {
    largest = nodes.reduce((most, { status }) => Math.max(most, quantityValue(status?.allocatable?.memory)), 0);
    known.set(nodes, largest);
  }
  return largest;
}
