import type { Log } from '../../../foundation/log.ts';
import type { ContainerStats } from '../runtime.ts';
import type { Connection } from './connection.ts';

export async function readStats({ call }: Connection, _log: Log): Promise<ContainerStats[]> {
  const { stats } = await call('ListContainerStats', {});
  return stats.map(({ attributes, cpu, memory }) => ({
    containerId: attributes?.id ?? '',
    sandboxId: '',
    cpuNanoseconds: Number(cpu?.usageCoreNanoSeconds?.value ?? 0n),
    memoryWorkingSetBytes: Number(memory?.workingSetBytes?.value ?? 0n),
    memoryUsageBytes: Number(memory?.usageBytes?.value ?? 0n),
    timestampMs: Number((cpu?.timestamp ?? 0n) / 1_000_000n),
  }));
}
