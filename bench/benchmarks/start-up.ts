import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterBenchmark } from '../benchmark.ts';
import { median } from '../load.ts';
import { serverOf } from '../processes.ts';
import type { Target } from '../target.ts';

/** How long after the start of its process the API answers, and the node is ready. */
export const startUp: ClusterBenchmark = {
  name: 'start-up',
  local: true,
  async run({ target, local, rounds }) {
    const [api, node]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      await local!.down();
      const sinceMs = Date.now();
      const up = local!.up();
      const apiReadyMs = await when(() => isReady(target));
      const nodeReadyMs = await when(() => isNodeReady(target, sinceMs));
      await up;
      const server = serverOf(local!)!;
      api.push((apiReadyMs - server.startedMs) / 1000);
      node.push((nodeReadyMs - server.startedMs) / 1000);
    }
    return [
      { what: 'API ready, from the start of its process', value: median(api), unit: 's', target: 1, better: 'less' },
      {
        what: 'node ready, from the start of the API server',
        value: median(node),
        unit: 's',
        target: 3,
        better: 'less',
      },
    ];
  },
};

const isReady = async ({ client }: Target) => (await client.raw('GET', '/readyz')).code === 200;

/** Ready by what this start's own agent reports: the status and the lease kept from before say so, too. */
async function isNodeReady({ client }: Target, sinceMs: number): Promise<boolean> {
  const { items } = await client.list('nodes');
  const [node] = items;
  if (node === undefined) return false;
  const lease = await client.get('leases.coordination.k8s.io', {
    namespace: 'kube-node-lease',
    name: node.metadata.name,
  });
  const ready = node.status?.conditions?.find(({ type }: { type: string }) => type === 'Ready');
  return ready?.status === 'True' && Date.parse(lease['spec'].renewTime) > sinceMs;
}

/** Wall time, in milliseconds, at which the answer was first yes. */
async function when(ask: () => Promise<boolean>): Promise<number> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    if (await ask().catch(() => false)) return Date.now();
    await delay(5);
  }
  throw new Error('not ready within 60 s');
}
