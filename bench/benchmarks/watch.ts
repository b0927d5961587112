import type { TLSSocket } from 'node:tls';
import { type ClusterBenchmark, createNamespace } from '../benchmark.ts';
import { dial, drive, median, openConnection } from '../load.ts';
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

/** Counts events by the one mark that each has, without decoding: the client must not be what is measured. */
async function openWatch(target: Target, path: string, onEvents: (count: number) => void): Promise<TLSSocket> {
  const socket = await dial(target);
  const mark = Buffer.from('"type":"ADDED"');
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    const data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    let count = 0;
    let from = 0;
    for (let at = data.indexOf(mark); at >= 0; at = data.indexOf(mark, from)) {
      count++;
      from = at + mark.length;
    }
    // A mark may be cut in two by the end of the chunk.
    rest = data.subarray(Math.max(from, data.length - mark.length + 1));
    if (count > 0) onEvents(count);
  });
  socket.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('a watch did not begin within 10 s')), 10_000);
    socket.once('data', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${target.host}\r\n${target.authorization}\r\n`);
  });
  return socket;
}
