import type { Figure } from './benchmark.ts';
import type { LocalCluster } from './local-cluster.ts';
import { serverOf, ticksPerSecond } from './processes.ts';

/**
 * What one request costs in processor time: on a busy machine it says more than a rate. Returns what ends the count after
 * `requests` and tells the API server's share, if it was started here, and the load generator's.
 */
export function countCpu(local: LocalCluster | undefined): (what: string, requests: number) => Figure[] {
  const server = local && serverMicroseconds(local);
  const own = process.cpuUsage();
  return (what, requests) => {
    const { user, system } = process.cpuUsage(own);
    const figure = (who: string, value: number) => ({ what: `${who}, processor time per ${what}`, value, unit: 'µs' });
    return [
      ...(local && server !== undefined ? [figure('API server', (serverMicroseconds(local) - server) / requests)] : []),
      figure('load generator', (user + system) / requests),
    ];
  };
}

const serverMicroseconds = (local: LocalCluster): number => ((serverOf(local)?.cpuTicks ?? 0) / ticksPerSecond) * 1e6;
