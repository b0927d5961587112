import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupFolder, isCgroupVersion2 } from './cgroups.ts';

export type CgroupUsage = { memoryBytes: number; workingSetBytes: number; cpuNanoseconds: number; processes: number };

/**
 * What is used in the cgroup `path`, below it included; of processes nothing where the kernel has no controller for them.
 * Rejects when there is no such cgroup.
 */
export async function readCgroupUsage(path: string): Promise<CgroupUsage> {
  const isV2 = isCgroupVersion2();
  const read = (controller: string, file: string) => readFile(join(cgroupFolder(controller, path), file), 'utf8');
  const field = (text: string, name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  const [usage, memory, cpu, processes] = await Promise.all([
    read('memory', isV2 ? 'memory.current' : 'memory.usage_in_bytes'),
    read('memory', 'memory.stat'),
    isV2 ? read('cpu', 'cpu.stat') : read('cpuacct', 'cpuacct.usage'),
    read('pids', 'pids.current').catch(() => ''),
  ]);
  const memoryBytes = Number(usage);
  // What the kernel could take back at once does not count as working set (cAdvisor's rule).
  const inactive = field(memory, isV2 ? 'inactive_file' : 'total_inactive_file');
  return {
    memoryBytes,
    workingSetBytes: Math.max(memoryBytes - inactive, 0),
    cpuNanoseconds: isV2 ? field(cpu, 'usage_usec') * 1000 : Number(cpu),
    processes: Number(processes),
  };
}
