import { readFileSync } from 'node:fs';
import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import { parseAddress, parseBlock } from '../../policy/policy.ts';
import { startDnsServer } from './server.ts';
import { createDnsSource, type DnsCaches } from './source.ts';
import { createUpstream, type UpstreamServer } from './upstream.ts';

export type ClusterDnsOptions = {
  caches: DnsCaches;
  /** Where it listens, and the service address that pods know it by. */
  gatewayAddress: string;
  dnsAddress: string;
  clusterCIDR: string;
  serviceCIDR: string;
  clusterDomain: string;
  /** Addresses of this machine: it may ask everything. */
  machineAddresses(): string[];
  /** Whether the pod that has this address may have names of the outside looked up. */
  mayReachOutside(client: string): boolean;
  upstreamServers?: UpstreamServer[];
  clock: Clock;
  log: Log;
};

/** Names of the cluster for its pods and this machine, and for whom may go there those of the outside. Returns its end. */
export async function startClusterDns(options: ClusterDnsOptions): Promise<() => Promise<void>> {
  const { caches, gatewayAddress, dnsAddress, clusterDomain, mayReachOutside, clock, log } = options;
  const cluster = parseBlock(options.clusterCIDR)!;
  const isPod = (address: string) => {
    const value = parseAddress(address);
    return value !== undefined && cluster.first <= value && value <= cluster.last;
  };
  const isMachine = (address: string) => options.machineAddresses().includes(address) || address.startsWith('127.');
  const source = createDnsSource(caches, [cluster, parseBlock(options.serviceCIDR)!]);
  const upstream = createUpstream(() => options.upstreamServers ?? resolvConfServers(dnsAddress), clock);
  const server = await startDnsServer({
    ...{ address: gatewayAddress, port: 53, domain: clusterDomain, source, upstream, log },
    mayAsk: (client) => isPod(client) || isMachine(client),
    mayForward: (client) => mayReachOutside(client) || isMachine(client),
  });
  return async () => {
    source.stop();
    await server.close();
  };
}

/** Read anew each time: it changes when the machine moves. Our own address is left out, or questions would go round. */
function resolvConfServers(dnsAddress: string): UpstreamServer[] {
  const text = readFileSync('/etc/resolv.conf', 'utf8');
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)]
    .map((match) => match[1]!)
    .filter((address) => parseAddress(address) !== undefined && address !== dnsAddress)
    .slice(0, 3)
    .map((address) => ({ address, port: 53 }));
}
