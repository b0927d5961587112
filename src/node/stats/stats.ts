import { readFileSync, statfsSync } from 'node:fs';
import type { Clock } from '../../foundation/clock.ts';
import { createRates, type Usage } from './rates.ts';
import type { PodReading, Reader, Reading } from './read.ts';

/** What `kubectl top` shows: stats/v1alpha1 Summary, as `/stats/summary` of a kubelet. */
export type Stats = { summary(): Promise<object> };

export type StatsOptions = {
  nodeName: string;
  clock: Clock;
  reader: Reader;
  dataDirectory: string;
  /** What a pod has on the disk, where somebody has looked. */
  stored(uid: string): { bytes: number; atMs: number } | undefined;
};

const firstRateMs = 500;

export function createStats({ nodeName, clock, reader, dataDirectory, stored }: StatsOptions): Stats {
  const { rate, isFresh } = createRates(clock);

  const nodeUsage = () => rate('node', reader.node());
  const podKey = ({ pod }: PodReading) => `pod/${pod.metadata.uid}`;

  /** The first time there is nothing to compare with: reads twice, half a second apart. */
  async function warmUp(): Promise<void> {
    if (isFresh('node')) return;
    for (const read of await reader.pods()) summaryOf(read);
    nodeUsage();
    await new Promise<void>((resolve) => clock.after(firstRateMs, resolve));
  }

  function summaryOf(read: PodReading): object {
    const { name, namespace, uid } = read.pod.metadata;
    const disk = stored(uid!);
    return {
      podRef: { name, namespace, uid },
      startTime: read.pod.status?.startTime,
      ...resources(rate(podKey(read), read.reading)),
      ...(disk && { 'ephemeral-storage': { ...fileSystem(dataDirectory, disk), usedBytes: disk.bytes } }),
      containers: read.containers.map(({ container, reading }) => ({
        name: container.name,
        startTime: new Date(container.startedAtMs).toISOString(),
        ...resources(rate(container.id, reading)),
      })),
    };
  }

  return {
    async summary() {
      await warmUp();
      const pods = (await reader.pods()).map(summaryOf);
      const usage = nodeUsage();
      const fs = fileSystem(dataDirectory, usage);
      return { node: { nodeName, startTime: bootTime(), ...resources(usage), fs }, pods };
    },
  };
}

function resources({ cpuNanoseconds, cpuNanocores, workingSetBytes, memoryBytes, atMs }: Usage): object {
  const time = new Date(atMs).toISOString();
  return {
    cpu: { time, usageNanoCores: cpuNanocores, usageCoreNanoSeconds: cpuNanoseconds },
    memory: { time, usageBytes: memoryBytes, workingSetBytes },
  };
}

function fileSystem(directory: string, { atMs }: Pick<Reading, 'atMs'>): object {
  const { blocks, bfree, bsize } = statfsSync(directory);
  const [capacityBytes, availableBytes] = [blocks * bsize, bfree * bsize];
  const time = new Date(atMs).toISOString();
  return { time, capacityBytes, usedBytes: capacityBytes - availableBytes, availableBytes };
}

const bootTime = () =>
  new Date(Date.now() - Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000).toISOString();
