import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import type { Pod } from '../../api/schema/types.d.ts';
import type { Clock } from '../../foundation/clock.ts';
import { lazily } from '../../foundation/lazily.ts';
import type { Cgroups } from '../cgroups.ts';
import type { Container, Runtime } from '../runtimes/runtime.ts';

/** Processor time since the beginning, and memory as it is. */
export type Reading = { cpuNanoseconds: number; workingSetBytes: number; memoryBytes: number; atMs: number };
export type PodReading = { pod: Pod; reading: Reading; containers: { container: Container; reading: Reading }[] };

/** What the node and its pods use, of pods those that have something. Read when asked: nothing is sampled in between. */
export type Reader = { node(): Reading; pods(): Promise<PodReading[]> };

export type ReaderOptions = {
  clock: Clock;
  runtime: Pick<Runtime, 'stats'>;
  cgroups: Pick<Cgroups, 'usage'>;
  memoryAvailableBytes(): number;
  /** The pods of this node with their running containers. */
  running(): { pod: Pod; containers: Container[] }[];
};

export function createReader({ clock, runtime, cgroups, memoryAvailableBytes, running }: ReaderOptions): Reader {
  async function inCgroup(pod: Pod, containerId?: string): Promise<Reading | undefined> {
    const usage = await cgroups.usage(pod, containerId);
    if (usage === undefined) return undefined;
    const { cpuNanoseconds, workingSetBytes, memoryBytes } = usage;
    return { cpuNanoseconds, workingSetBytes, memoryBytes, atMs: clock.now() };
  }

  /** A runtime without cgroups of ours says it itself. */
  async function byRuntime(): Promise<Map<string, Reading>> {
    const all = await runtime.stats();
    return new Map(
      all.map((one) => [
        one.containerId,
        {
          ...{ cpuNanoseconds: one.cpuNanoseconds, workingSetBytes: one.memoryWorkingSetBytes },
          ...{ memoryBytes: one.memoryUsageBytes, atMs: one.timestampMs },
        },
      ]),
    );
  }

  return {
    node() {
      const memoryBytes = totalmem();
      const workingSetBytes = memoryBytes - memoryAvailableBytes();
      return { cpuNanoseconds: machineNanoseconds(), workingSetBytes, memoryBytes, atMs: clock.now() };
    },
    async pods() {
      const said = lazily({ containers: byRuntime });
      const pods: PodReading[] = [];
      for (const { pod, containers } of running()) {
        const read: PodReading['containers'] = [];
        for (const container of containers) {
          const reading = (await inCgroup(pod, container.id)) ?? (await said.containers).get(container.id);
          if (reading !== undefined) read.push({ container, reading });
        }
        // The pod's own cgroup knows of containers that have ended, too: its counter never goes back.
        const own = await inCgroup(pod);
        if (own === undefined && read.length === 0) continue;
        const together = sum(read.map(({ reading }) => reading));
        pods.push({ pod, reading: own ?? { ...together, atMs: clock.now() }, containers: read });
      }
      return pods;
    },
  };
}

function sum(readings: Reading[]): Omit<Reading, 'atMs'> {
  const total = (key: keyof Reading) => readings.reduce((result, reading) => result + reading[key], 0);
  return {
    cpuNanoseconds: total('cpuNanoseconds'),
    workingSetBytes: total('workingSetBytes'),
    memoryBytes: total('memoryBytes'),
  };
}

function machineNanoseconds(): number {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.trim().split(/\s+/).slice(1, 9).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields;
  // In ticks of 10 ms: USER_HZ is 100 on every architecture we run on.
  return (user + nice + system + irq + softirq + steal) * 10_000_000;
}
