import { parseArgs } from 'node:util';
import type { ClusterBenchmark, Figure, PureBenchmark } from './benchmark.ts';
import { check } from './benchmarks/check.ts';
import { checkCluster } from './benchmarks/check-cluster.ts';
import { idle } from './benchmarks/idle.ts';
import { paths } from './benchmarks/paths.ts';
import { pods } from './benchmarks/pods.ts';
import { preview } from './benchmarks/preview.ts';
import { reachability } from './benchmarks/reachability.ts';
import { reads } from './benchmarks/reads.ts';
import { scheduling } from './benchmarks/scheduling.ts';
import { startUp } from './benchmarks/start-up.ts';
import { watch } from './benchmarks/watch.ts';
import { writes } from './benchmarks/writes.ts';
import { type LocalCluster, startLocalCluster } from './local-cluster.ts';
import { machineLine } from './machine.ts';
import { targetOf } from './target.ts';

const pure: PureBenchmark[] = [check, reachability, preview, paths];
const ofClusters: ClusterBenchmark[] = [startUp, idle, pods, writes, reads, watch, scheduling, checkCluster];
const names = [...pure, ...ofClusters].map(({ name }) => name);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { kubeconfig: { type: 'string' }, rounds: { type: 'string', default: '3' } },
});
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`No benchmark ${unknown.join(', ')}. There are: ${names.join(', ')}\n`);
  process.exit(2);
}
const rounds = Number(values.rounds);
const isChosen = ({ name }: { name: string }) => positionals.length === 0 || positionals.includes(name);

process.stdout.write(`${machineLine()}\nmedians of ${values.rounds} rounds\n\n`);
for (const benchmark of pure.filter(isChosen)) print(await benchmark.run({ rounds }));
await measureCluster(ofClusters.filter(isChosen));
process.exit(0);

async function measureCluster(chosen: ClusterBenchmark[]): Promise<void> {
  let local: LocalCluster | undefined;
  try {
    for (const benchmark of chosen) {
      if (benchmark.fresh) {
        await local?.stop();
        local = undefined;
      }
      if (!values.kubeconfig) local ??= await startLocalCluster();
      if (benchmark.local && !local)
        process.stdout.write(`${benchmark.name}: left out, it measures processes started here\n`);
      else print(await benchmark.run({ target: targetOf(values.kubeconfig ?? local!.kubeconfig), local, rounds }));
    }
  } finally {
    await local?.stop();
  }
}

function print(figures: Figure[]): void {
  for (const { what, value, unit, target, better } of figures) {
    const shown = value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(value < 10 ? 2 : 1);
    const met = target === undefined ? '' : (better === 'less' ? value <= target : value >= target) ? 'met' : 'NOT MET';
    const wanted =
      target === undefined ? '' : `(${better === 'less' ? '≤' : '≥'} ${target.toLocaleString('en')} ${unit})`;
    process.stdout.write(`${what.padEnd(56)} ${shown.padStart(10)} ${unit.padEnd(4)} ${wanted} ${met}\n`);
  }
}
