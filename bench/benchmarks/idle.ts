import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterBenchmark } from '../benchmark.ts';
import { processesOf, ticksPerSecond } from '../processes.ts';

const settleMs = 20_000;
const observedMs = 30_000;

/** Memory and processor of a cluster that nobody uses, after it has settled. containerd is told apart: it is not ours. */
export const idle: ClusterBenchmark = {
  name: 'idle',
  local: true,
  async run({ local }) {
    await delay(settleMs);
    const before = processesOf(local!);
    await delay(observedMs);
    const after = processesOf(local!);
    const [ours, containerd] = [true, false].map((own) => after.filter(({ command }) => isOurs(command) === own));
    const ticks = ours!.map(({ pid, cpuTicks }) => cpuTicks - (before.find((each) => each.pid === pid)?.cpuTicks ?? 0));
    const cores = ticks.reduce((sum, each) => sum + each, 0) / ticksPerSecond / (observedMs / 1000);
    const megabytes = (processes: typeof after) => processes.reduce((sum, each) => sum + each.residentBytes, 0) / 1e6;
    return [
      { what: 'idle: our processes, resident', value: megabytes(ours!), unit: 'MB', target: 200, better: 'less' },
      { what: 'idle: our processes, of one core', value: cores * 100, unit: '%', target: 1, better: 'less' },
      { what: 'idle: containerd and its shims, resident', value: megabytes(containerd!), unit: 'MB' },
    ];
  },
};

const isOurs = (command: string) => !command.includes('containerd');
