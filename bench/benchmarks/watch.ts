import type { TLSSocket } from 'node:tls';
import { type ClusterBenchmark, createNamespace } from '../benchmark.ts';
import { drive, median, openConnection, openWatch } from '../load.ts';
import type { Target } from '../target.ts';

const watchers = 1000;
const changes = 1000;

/** Events delivered per second to 1,000 watchers of the same objects while they are created. */
export const watch: ClusterBenchmark = {
  name: 'watch',
  async run({ target, rounds }) {
    const rates: number[] = [];
    for (let round = 0; round < rounds; round++) rates.push(await fanOut(target, `bench-watch-${round}`));
    return [
      {
        what: `watch events fanned out to ${watchers} watchers`,
        value: median(rates),
        unit: '/s',
        target: 100_000,
        better: 'more',
      },
    ];
  },
};

async function fanOut(target: Target, namespace: string): Promise<number> {
  const remove = await createNamespace(target, namespace);
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const selector = 'labelSelector=bench%3Dwatch';
  let delivered = 0;
  let finished = () => {};
  const everything = new Promise<void>((resolve) => {
    finished = resolve;
  });
  const sockets: TLSSocket[] = [];
  for (let index = 0; index < watchers; index++)
    sockets.push(
      await openWatch(target, `${path}?watch=1&resourceVersion=0&${selector}`, (events) => {
        delivered += events;
        if (delivered >= watchers * changes) finished();
      }),
    );
  const connections = await Promise.all(Array.from({ length: 16 }, () => openConnection(target)));
  const startedMs = performance.now();
  await drive(connections, changes, (connection, index) => {
    const metadata = { name: `map-${index}`, labels: { bench: 'watch' } };
    return connection.request(
      'POST',
      path,
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: 'b' } }),
    );
  });
  await everything;
  const seconds = (performance.now() - startedMs) / 1000;
  for (const socket of sockets) socket.destroy();
  for (const connection of connections) connection.close();
  await remove();
  return (watchers * changes) / seconds;
}
