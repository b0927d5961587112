import { parseArgs } from 'node:util';
import { UsageError } from '../src/foundation/usage-error.ts';
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
import { type Target, targetOf } from './target.ts';

const pure: PureBenchmark[] = [check, reachability, preview, paths];
const ofClusters: ClusterBenchmark[] = [startUp, idle, pods, writes, reads, watch, scheduling, checkCluster];
const names = [...pure, ...ofClusters].map(({ name }) => name);

const roundsMax = 100;

try {
  await main();
  process.exit(0);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  const { chosen, kubeconfig, rounds } = readWords();
  const isChosen = ({ name }: { name: string }) => chosen.length === 0 || chosen.includes(name);
  const given = kubeconfig === undefined ? undefined : asked(() => targetOf(kubeconfig));
  process.stdout.write(`${machineLine()}\nmedians of ${rounds} rounds\n\n`);
  for (const benchmark of pure.filter(isChosen)) print(await benchmark.run({ rounds }));
  await measureCluster(ofClusters.filter(isChosen), given, rounds);
}

function readWords() {
  const options = { kubeconfig: { type: 'string' }, rounds: { type: 'string', default: '3' } } as const;
  const { values, positionals } = asked(() => parseArgs({ allowPositionals: true, options }));
  const unknown = positionals.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new UsageError(`No benchmark ${unknown.join(', ')}. There are: ${names.join(', ')}`);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > roundsMax)
    throw new UsageError(`--rounds ${values.rounds}: a number from 1 to ${roundsMax}`);
  return { chosen: positionals, kubeconfig: values.kubeconfig, rounds };
}

/** What is wrong with what was asked for is no fault of the bench: it is told without a stack. */
function asked<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

async function measureCluster(chosen: ClusterBenchmark[], given: Target | undefined, rounds: number): Promise<void> {
  let local: LocalCluster | undefined;
  try {
    for (const benchmark of chosen) {
      if (benchmark.fresh) {
        await local?.stop();
        local = undefined;
      }
      if (!given) local ??= await startLocalCluster();
      if (benchmark.local && !local)
        process.stdout.write(`${benchmark.name}: left out, it measures processes started here\n`);
      else print(await benchmark.run({ target: given ?? targetOf(local!.kubeconfig), local, rounds }));
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
