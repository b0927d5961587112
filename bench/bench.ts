import { parseArgs } from 'node:util';
import type { Benchmark, Figure } from './benchmark.ts';
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
import { startLocalCluster } from './local-cluster.ts';
import { machineLine } from './machine.ts';
import { targetOf } from './target.ts';

const benchmarks: Benchmark[] = [
  startUp,
  idle,
  pods,
  writes,
  reads,
  watch,
  scheduling,
  check,
  checkCluster,
  reachability,
  preview,
  paths,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { kubeconfig: { type: 'string' }, rounds: { type: 'string', default: '3' } },
});
const unknown = positionals.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `No benchmark ${unknown.join(', ')}. There are: ${benchmarks.map(({ name }) => name).join(', ')}\n`,
  );
  process.exit(2);
}

process.stdout.write(`${machineLine()}\nmedians of ${values.rounds} rounds\n\n`);
const local = values.kubeconfig ? undefined : await startLocalCluster();
try {
  const target = targetOf(values.kubeconfig ?? local!.kubeconfig);
  for (const benchmark of benchmarks.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
    if (benchmark.local && !local)
      process.stdout.write(`${benchmark.name}: left out, it measures processes started here\n`);
    else for (const figure of await benchmark.run({ target, local, rounds: Number(values.rounds) })) print(figure);
  }
} finally {
  await local?.stop();
}
process.exit(0);

function print({ what, value, unit, target, better }: Figure): void {
  const shown = value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1);
  const met = target === undefined ? '' : (better === 'less' ? value <= target : value >= target) ? 'met' : 'NOT MET';
  const wanted =
    target === undefined ? '' : `(${better === 'less' ? '≤' : '≥'} ${target.toLocaleString('en')} ${unit})`;
  process.stdout.write(`${what.padEnd(56)} ${shown.padStart(10)} ${unit.padEnd(4)} ${wanted} ${met}\n`);
}
