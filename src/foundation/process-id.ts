import { readFileSync } from 'node:fs';

/**
 * When a process started, in clock ticks since boot (field 22 of /proc/PID/stat); undefined when it has ended. With it a
 * reused pid is not mistaken for the process that was meant. A zombie has ended: its parent only has not asked yet, and
 * where nobody does it stays in /proc for ever.
 */
export function processStartTime(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The command stands in parentheses and may hold anything, also parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

export const isAlive = (pid: number): boolean => processStartTime(pid) !== undefined;
