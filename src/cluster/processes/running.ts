import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processStartTime } from '../../foundation/process-id.ts';
import { type Configuration, layout } from '../configuration.ts';
import type { ProcessName } from '../places.ts';

export const pidFile = (name: ProcessName, configuration: Configuration) =>
  join(layout(configuration).processes, `${name}.pid`);

/** Pid, start time and fingerprint; nothing when there is no such file. */
export function readPidFile(name: ProcessName, configuration: Configuration): string[] {
  try {
    return readFileSync(pidFile(name, configuration), 'utf8').trim().split(' ');
  } catch {
    return [];
  }
}

/** The pid of the supervisor, if it is alive. */
export function runningSupervisor(name: ProcessName, configuration: Configuration): number | undefined {
  const [word, started] = readPidFile(name, configuration);
  const pid = Number(word);
  if (started === undefined || processStartTime(pid) !== started) return undefined;
  // Start times count from the machine's start: after another one the same pair may be somebody else.
  return readProcess(pid, 'cmdline').includes(`supervise.sh\0${name}\0`) ? pid : undefined;
}

/** The pid of the program itself, while its supervisor runs it. */
export function runningProgram(name: ProcessName, configuration: Configuration): number | undefined {
  const supervisor = runningSupervisor(name, configuration);
  return supervisor === undefined
    ? undefined
    : programs(name, configuration).find((pid) => parentOf(pid) === supervisor);
}

/** Processes of this cluster, whichever program of ours they run. */
export function programs(name: ProcessName, { dataDirectory }: Configuration): number[] {
  const words = ['', name, '--data-dir', dataDirectory, ''].join('\0');
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      const line = pid > 0 ? readProcess(pid, 'cmdline') : '';
      return /cli\/main\.[jt]s\0/.test(line) && line.endsWith(words) && !line.includes('supervise.sh\0');
    });
}

export const parentOf = (pid: number) => Number(/^PPid:\s*(\d+)/m.exec(readProcess(pid, 'status'))?.[1]);

export function readProcess(pid: number, file: 'cmdline' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // it ended meanwhile
  }
}
