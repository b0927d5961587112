import { readdirSync, readFileSync } from 'node:fs';
import type { LocalCluster } from './local-cluster.ts';

/** One process as /proc shows it. */
export type Process = { pid: number; command: string; residentBytes: number; cpuTicks: number; startedMs: number };

/** Clock ticks per second of /proc, on every Linux that Node runs on. */
export const ticksPerSecond = 100;

/** Every process whose command line names one of these: all that a cluster runs there, containerd too, but not its pods. */
export function processesOf({ dataDirectory, runDirectory }: LocalCluster): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        const isOurs = command.includes(dataDirectory) || command.includes(runDirectory);
        return isOurs ? [describe(Number(pid), command)] : [];
      } catch {
        // It ended meanwhile.
        return [];
      }
    });
}

/** The API server itself, not who watches over it. */
export const serverOf = (cluster: LocalCluster): Process | undefined =>
  processesOf(cluster).find(({ command }) => / server --data-dir/.test(command) && !command.includes('supervise.sh'));

function describe(pid: number, command: string): Process {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return {
    pid,
    command,
    residentBytes: Number(resident?.[1] ?? 0) * 1024,
    cpuTicks: Number(fields[11]) + Number(fields[12]),
    startedMs: Date.now() - uptimeMs() + (Number(fields[19]) / ticksPerSecond) * 1000,
  };
}

/** Start times count from the start of the machine. `btime` of /proc/stat, which says when that was, is up to a second off. */
const uptimeMs = (): number => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
