import { benchPod, type ClusterBenchmark, createNamespace, type Figure } from '../benchmark.ts';
import { countCpu } from '../cpu.ts';
import { drive, median, openConnection } from '../load.ts';

const clients = 32;
const gets = 40_000;
const listed = 10_000;

/** GET of one pod, and LIST of 10,000. */
export const reads: ClusterBenchmark = {
  name: 'reads',
  async run({ target, local, rounds }) {
    const namespace = 'bench-reads';
    const remove = await createNamespace(target, namespace);
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const connections = await Promise.all(Array.from({ length: clients }, () => openConnection(target)));
    await drive(connections, listed, (connection, index) =>
      connection.request('POST', path, JSON.stringify(benchPod(`pod-${index}`, namespace))),
    );
    const [rates, lists]: [number[], number[]] = [[], []];
    let costs: Figure[] = [];
    for (let round = 0; round < rounds; round++) {
      const cpu = countCpu(local);
      const { seconds } = await drive(connections, gets, (connection, index) =>
        connection.request('GET', `${path}/pod-${index % listed}`),
      );
      costs = cpu('GET', gets);
      rates.push(gets / seconds);
      const list = await drive(connections.slice(0, 1), 1, (connection) => connection.request('GET', path));
      lists.push(list.durationsMs[0]!);
    }
    for (const connection of connections) connection.close();
    await remove();
    return [
      {
        what: `GET of a 3 kB pod, ${clients} clients`,
        value: median(rates),
        unit: '/s',
        target: 12_000,
        better: 'more',
      },
      { what: `LIST of ${listed} pods`, value: median(lists), unit: 'ms', target: 300, better: 'less' },
      ...costs,
    ];
  },
};
