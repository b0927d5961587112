import type { Log } from '../foundation/log.ts';
import { mustRun, type RunCommand } from './command.ts';
import { elementsOf, listSet } from './nft/dynamic.ts';
import { contentName } from './nft/table.ts';

/** What one pod may take of the table of tracked connections, which is shared by all pods and the node. */
export type ConnectionLimit = { openMax: number; tcpPerSecondMax: number };

/**
 * How long the kernel remembers a TCP connection that has ended; without a word of ours two minutes. Short, so that a
 * proxy that opens a connection per request stays within its share: 3,276 a second with the kernel's usual table.
 */
const closedSeconds = 10;

/**
 * A sixteenth of the table for what is open, of any protocol, and an eighth for TCP connections that have ended: those
 * the kernel does not count, but keeps, so that their number is bounded by how many begin.
 */
export const connectionLimitOf = (trackedMax: number): ConnectionLimit => ({
  openMax: Math.max(1, Math.floor(trackedMax / 16)),
  tcpPerSecondMax: Math.max(1, Math.floor(trackedMax / 8 / closedSeconds)),
});

/** Told as refused for so long. */
const refusedSeconds = 60;
/** Elements of a set: one per address of a node's pods. */
const podsMax = 65_536;

export type ConnectionLimitOptions = {
  tableName: string;
  /** Of this node. */
  podCIDR: string;
  /** Of the kernel, for all. */
  trackedMax(): number;
  run: RunCommand;
  log: Log;
};

/**
 * Holds every pod of this node to its share of the connections that the kernel tracks: one that opens more has the new
 * ones dropped, others are not touched. Call it now and then: it puts in force what is not, and logs who was refused.
 */
export function createConnectionLimit(options: ConnectionLimitOptions): () => Promise<void> {
  const { tableName, run, log } = options;
  const table = { family: 'inet', name: tableName } as const;
  let isMissing = false;
  return async () => {
    const limit = connectionLimitOf(options.trackedMax());
    const rules = rulesOf(limit, options.podCIDR);
    // Named by the rules: a table of others than these is replaced. One of these is left alone, as it has counted.
    const refusedSet = contentName('refused', rules);
    const refused = await listSet(run, table, refusedSet);
    if (refused !== undefined) {
      const pods = elementsOf(refused).map(({ parts, packets }) => ({ address: parts[0], packets }));
      if (pods.length > 0) log.warn('pods were refused connections: they have too many', { pods, ...limit });
      return;
    }
    try {
      await mustRun(run, 'nft', ['-f', '-'], scriptOf(tableName, refusedSet, rules));
      isMissing = false;
    } catch (error) {
      if (!isMissing) log.warn(`${unlimited}: needs CONFIG_NFT_CONNLIMIT and CONFIG_NF_CONNTRACK_TIMEOUT`, { error });
      isMissing = true;
    }
  };
}

const unlimited = 'this kernel cannot limit the connections of a pod, so that one can use up those of all';

/** After what policies and services let pass: only that is remembered. The hooks hand on a pod's own connections. */
const rulesOf = ({ openMax, tcpPerSecondMax }: ConnectionLimit, podCIDR: string) => `
  ct timeout closed { protocol tcp; l3proto ip; policy = { time_wait : ${closedSeconds} }; }
  set begun { type ipv4_addr; size ${podsMax}; flags dynamic; }
  set open { type ipv4_addr; size ${podsMax}; flags dynamic; }
  chain bounded {
    meta l4proto tcp update @begun { ip saddr limit rate over ${tcpPerSecondMax}/second burst ${tcpPerSecondMax} packets } goto refuse
    add @open { ip saddr ct count over ${openMax} } goto refuse
    meta l4proto tcp ct timeout set "closed"
  }
  chain forward {
    type filter hook forward priority filter + 20; policy accept;
    ct state new ip saddr ${podCIDR} jump bounded
  }
  chain input {
    type filter hook input priority filter + 20; policy accept;
    ct state new ip saddr ${podCIDR} jump bounded
  }
`;

const scriptOf = (tableName: string, refusedSet: string, rules: string) => `
add table inet ${tableName}
delete table inet ${tableName}
table inet ${tableName} {
  set ${refusedSet} {
    type ipv4_addr; size ${podsMax}; flags dynamic,timeout; timeout ${refusedSeconds}s; counter;
  }
  chain refuse {
    update @${refusedSet} { ip saddr }
    counter drop
  }
  ${rules}
}
`;
