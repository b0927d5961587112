import { createCaches } from '../../src/client/cache.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { createFleet } from '../../src/node/simulated/fleet.ts';
import { benchPod, type ClusterBenchmark, createNamespace, type Figure } from '../benchmark.ts';
import { countCpu } from '../cpu.ts';
import { drive, median, openConnection, openWatch } from '../load.ts';
import type { LocalCluster } from '../local-cluster.ts';
import type { Target } from '../target.ts';

const nodes = 5000;
const pods = 5000;

/** From the first create until the last pod is bound, on 5,000 simulated nodes. */
export const scheduling: ClusterBenchmark = {
  name: 'scheduling',
  async run({ target, local, rounds }) {
    const caches = createCaches(target.client, { clock: systemClock, log: silentLog });
    const fleet = createFleet({
      client: target.client,
      caches,
      nodes,
      clock: systemClock,
      log: silentLog,
      runPods: false,
    });
    await fleet.start();
    const rates: number[] = [];
    let costs: Figure[] = [];
    for (let round = 0; round < rounds; round++) {
      const all = await scheduleAll(target, local, `bench-scheduling-${round}`);
      rates.push(all.rate);
      costs = all.costs;
    }
    await fleet.stop();
    caches.stop();
    return [
      {
        what: `pods scheduled end to end on ${nodes} nodes`,
        value: median(rates),
        unit: '/s',
        target: 1000,
        better: 'more',
      },
      ...costs,
    ];
  },
};

async function scheduleAll(target: Target, local: LocalCluster | undefined, namespace: string) {
  const remove = await createNamespace(target, namespace);
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const done = Promise.withResolvers<void>();
  let bound = 0;
  // A pod that gets its node enters the selector: that is told as ADDED.
  const watch = await openWatch(target, `${path}?watch=1&fieldSelector=spec.nodeName!%3D`, (added) => {
    bound += added;
    if (bound >= pods) done.resolve();
  });
  const connections = await Promise.all(Array.from({ length: 32 }, () => openConnection(target)));
  const bodies = Array.from({ length: pods }, (_, index) =>
    JSON.stringify(benchPod(`pod-${index}`, namespace, 'default-scheduler')),
  );
  const startedMs = performance.now();
  const cpu = countCpu(local);
  await drive(connections, pods, (connection, index) => connection.request('POST', path, bodies[index]));
  await done.promise;
  const costs = cpu('pod', pods);
  const seconds = (performance.now() - startedMs) / 1000;
  watch.destroy();
  // Nobody runs these pods, so nobody would say that they have ended: without force they stay for ever.
  const force = JSON.stringify({ kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 });
  await drive(connections, pods, (connection, index) => connection.request('DELETE', `${path}/pod-${index}`, force));
  for (const connection of connections) connection.close();
  await remove();
  return { rate: pods / seconds, costs };
}
