import { readFileSync } from 'node:fs';
import { mustRun, type RunCommand } from './command.ts';

/** Has the kernel forget the connections that `filter` selects, in the words of `conntrack --delete`. */
export async function forgetConnections(run: RunCommand, filter: string[]): Promise<void> {
  const args = ['--delete', ...filter];
  const { code, stderr } = await run('conntrack', args);
  // conntrack answers 1 when there was nothing to delete.
  if (code !== 0 && !stderr.includes('0 flow entries')) await mustRun(run, 'conntrack', args);
}

/** Of kernels with 1 to 4 GB of memory; smaller than that of most. */
const smallTable = 65_536;

/** How many connections the kernel tracks at most, of everybody; what cannot be read yet is taken to be small. */
export function trackedConnectionsMax(): number {
  try {
    return Number(readFileSync('/proc/sys/net/netfilter/nf_conntrack_max', 'utf8'));
  } catch {
    return smallTable;
  }
}
