import { readdirSync, readFileSync } from 'node:fs';

/** One process as /proc shows it. */
export type Process = { pid: number; command: string; residentBytes: number; cpuTicks: number; startedMs: number };

/** Clock ticks per second of /proc, on every Linux that Node runs on. */
export const ticksPerSecond = 100;

/** Every process whose command line names the data directory: all that a cluster runs there, but not its pods. */
export function processesOf(dataDirectory: string): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return command.includes(dataDirectory) ? [describe(Number(pid), command)] : [];
      } catch {
        // It ended meanwhile.
        return [];
      }
    });
}

function describe(pid: number, command: string): Process {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return {
    pid,
    command,
    residentBytes: Number(resident?.[1] ?? 0) * 1024,
    cpuTicks: Number(fields[11]) + Number(fields[12]),
    startedMs: bootTimeMs() + (Number(fields[19]) / ticksPerSecond) * 1000,
  };
}

const bootTimeMs = (): number => Number(/btime (\d+)/.exec(readFileSync('/proc/stat', 'utf8'))![1]) * 1000;
