import { benchPod, type ClusterBenchmark, createNamespace, type Figure } from '../benchmark.ts';
import { countCpu } from '../cpu.ts';
import { drive, median, openConnection, percentile } from '../load.ts';

const clients = 64;
const perRound = 8000;

/** Durable creates of a 3 kB pod by 64 clients at once. */
export const writes: ClusterBenchmark = {
  name: 'writes',
  async run({ target, local, rounds }) {
    const [rates, tails]: [number[], number[]] = [[], []];
    let costs: Figure[] = [];
    for (let round = 0; round < rounds; round++) {
      const namespace = `bench-writes-${round}`;
      const remove = await createNamespace(target, namespace);
      const connections = await Promise.all(Array.from({ length: clients }, () => openConnection(target)));
      const path = `/api/v1/namespaces/${namespace}/pods`;
      const bodies = Array.from({ length: perRound }, (_, index) =>
        JSON.stringify(benchPod(`pod-${index}`, namespace)),
      );
      const cpu = countCpu(local);
      const { seconds, durationsMs } = await drive(connections, perRound, (connection, index) =>
        connection.request('POST', path, bodies[index]),
      );
      costs = cpu('create', perRound);
      rates.push(perRound / seconds);
      tails.push(percentile(durationsMs, 0.99));
      for (const connection of connections) connection.close();
      await remove();
    }
    return [
      {
        what: `durable creates of a 3 kB pod, ${clients} clients`,
        value: median(rates),
        unit: '/s',
        target: 4000,
        better: 'more',
      },
      { what: 'p99 of a create', value: median(tails), unit: 'ms', target: 50, better: 'less' },
      ...costs,
    ];
  },
};
