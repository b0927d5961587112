import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchPod, type ClusterBenchmark, createNamespace } from '../benchmark.ts';
import { drive, median, openConnection } from '../load.ts';

const clients = 32;
const count = 10_000;
const rempart = join(import.meta.dirname, '../../bin/rempart');
/** How often the high-water mark of a process is read: the last reading is the figure. */
const everyMs = 20;

/** `rempart check` of a live cluster with 10,000 pods, from the start of its process, and its memory at the peak. */
export const checkCluster: ClusterBenchmark = {
  name: 'check-cluster',
  fresh: true,
  async run({ target, rounds }) {
    const namespace = 'bench-check';
    const remove = await createNamespace(target, namespace);
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const connections = await Promise.all(Array.from({ length: clients }, () => openConnection(target)));
    await drive(connections, count, (connection, index) =>
      connection.request('POST', path, JSON.stringify(benchPod(`pod-${index}`, namespace))),
    );
    for (const connection of connections) connection.close();
    const [seconds, megabytes]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      const run = await runCheck(target.kubeconfig);
      seconds.push(run.seconds);
      megabytes.push(run.peakBytes / 2 ** 20);
    }
    await remove();
    const what = `check of a live cluster of ${count} pods`;
    return [
      { what, value: median(seconds), unit: 's', target: 5, better: 'less' },
      { what: `${what}, resident at the peak`, value: median(megabytes), unit: 'MB', target: 500, better: 'less' },
    ];
  },
};

async function runCheck(kubeconfig: string): Promise<{ seconds: number; peakBytes: number }> {
  const startMs = performance.now();
  const child = spawn(rempart, ['check', '--kubeconfig', kubeconfig], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject).once('close', resolve);
  let written = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    written += chunk.length;
  });
  let peakBytes = 0;
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, peakOf(child.pid!));
  }, everyMs);
  const code = await promise;
  clearInterval(timer);
  // 2: there are findings, as there should be.
  if (code !== 2 || written === 0) throw new Error(`rempart check ended with ${code} and ${written} bytes`);
  return { seconds: (performance.now() - startMs) / 1000, peakBytes };
}

/** The most that a process ever had in memory; 0 once it has ended. */
function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
