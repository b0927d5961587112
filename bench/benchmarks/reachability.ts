import { createSnapshot } from '../../src/defence/snapshot/snapshot.ts';
import { worldOfSnapshot } from '../../src/defence/snapshot/world.ts';
import { createReachability } from '../../src/policy/policy.ts';
import type { PureBenchmark } from '../benchmark.ts';
import { median } from '../load.ts';
import { policyCluster } from '../policies.ts';

/** From objects to every pair of classes with its ports. */
export const reachability: PureBenchmark = {
  name: 'reachability',
  async run({ rounds }) {
    const all: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const parts = { source: 'cluster', closedByDefault: false, takenAtMs: 0, minor: 36, unread: [] } as const;
      const snapshot = createSnapshot({ ...parts, unread: [], objects: policyCluster() });
      const startMs = performance.now();
      const { world } = worldOfSnapshot(snapshot);
      const { classes, from } = createReachability(world);
      let reached = 0;
      for (const party of classes) if (party.type !== 'service') reached += from(party).length;
      if (reached === 0) throw new Error('nothing reaches anything: the benchmark measures nothing');
      all.push((performance.now() - startMs) / 1000);
    }
    const size = '10,000 pods with 1,000 policies';
    return [{ what: `reachability of ${size}`, value: median(all), unit: 's', target: 2, better: 'less' }];
  },
};
