import { addChain, addSet, type NftTable } from '../nft/table.ts';

/**
 * Sets that the kernel fills: one element per pair of ends and port, however often they connect. Each is bounded; what
 * the outside can make many of has sets of its own, so that it cannot push out what pods do.
 */
export const recordedSets = {
  /** Connections of pods that every rule let through. */
  seen: { size: 16_384, outcome: 'seen' },
  seen_outside: { size: 4096, outcome: 'seen' },
  dropped_egress: { size: 4096, outcome: 'egress' },
  dropped_ingress: { size: 4096, outcome: 'ingress' },
  dropped_outside: { size: 4096, outcome: 'ingress' },
  /** Packets with a source that is not their pod's: by interface, as the address tells nothing. */
  spoofed: { size: 1024, outcome: 'source' },
} as const;
export type RecordedSet = keyof typeof recordedSets;

/** How long an element stays after it was seen last. What is polled more often than that is never missed. */
export const elementSeconds = 600;
/** Counts every packet once it is recorded: a set whose counter has not moved need not be read. */
export const recordedCounter = (set: RecordedSet) => `recorded_${set}`;
/** Counts those that found no room. */
export const lostCounter = (set: RecordedSet) => `lost_${set}`;

const transports = 'meta l4proto { tcp, udp, sctp }';
const ends = 'ip saddr . ip daddr . meta l4proto . th dport';
/** The same ends, of a packet that comes back. */
const endsOfReply = 'ip daddr . ip saddr . meta l4proto . th sport';
const header = (ends: string, size: number) =>
  `type ${ends}; size ${size}; flags dynamic,timeout; timeout ${elementSeconds}s; counter;`;
const address = 'ipv4_addr . ipv4_addr . inet_proto . inet_service';

/** The rules that record, to be jumped to where something is let through or about to be dropped. */
export type Recording = {
  /** At the end of the forward hook, where everything that is left passes. */
  forwarded: string[];
  toNode: string[];
  egress: string[];
  ingress: string[];
  spoofed: string[];
};

export const noRecording: Recording = { forwarded: [], toNode: [], egress: [], ingress: [], spoofed: [] };

/**
 * Adds sets and chains to the policy table. Addresses are those of the pods themselves: the forward hook comes after a
 * service's address was translated and before a pod's is. A connection between pods of two nodes is recorded where it
 * arrives, so that it counts once.
 */
export function addRecording(table: NftTable, { podCIDR, clusterCIDR }: { podCIDR: string; clusterCIDR: string }) {
  for (const set of Object.keys(recordedSets) as RecordedSet[])
    table.counters.add(recordedCounter(set)).add(lostCounter(set));
  for (const set of ['seen', 'seen_outside', 'dropped_egress', 'dropped_ingress', 'dropped_outside'] as const)
    addRecorder(table, set);
  addSet(table, 'spoofed', header(`ifname . ${address}`, recordedSets.spoofed.size));
  addChain(table, recorder('spoofed'), [
    `${transports} update @spoofed { iifname . ${ends} }`,
    `${transports} iifname . ${ends} != @spoofed counter name ${lostCounter('spoofed')}`,
    `counter name ${recordedCounter('spoofed')}`,
  ]);
  addChain(table, 'dropping_ingress', [
    `ct direction original ip saddr != ${clusterCIDR} goto ${recorder('dropped_outside')}`,
    `ct direction reply ip daddr != ${clusterCIDR} goto ${recorder('dropped_outside')}`,
    `goto ${recorder('dropped_ingress')}`,
  ]);
  const recording: Recording = {
    forwarded: [
      `ct state new ip daddr ${podCIDR} ip saddr ${clusterCIDR} jump ${recorder('seen')}`,
      `ct state new ip daddr ${podCIDR} ip saddr != ${clusterCIDR} jump ${recorder('seen_outside')}`,
      `ct state new ip saddr ${podCIDR} ip daddr != ${clusterCIDR} jump ${recorder('seen')}`,
    ],
    toNode: [`ct state new jump ${recorder('seen')}`],
    egress: [`jump ${recorder('dropped_egress')}`],
    ingress: ['jump dropping_ingress'],
    spoofed: [`jump ${recorder('spoofed')}`],
  };
  return recording;
}

const recorder = (set: RecordedSet) => `record_${set}`;

/** An update that finds no room ends its rule, nothing else: what is missing afterwards is counted as lost. */
function addRecorder(table: NftTable, set: RecordedSet): void {
  addSet(table, set, header(address, recordedSets[set].size));
  const directions = [
    ['original', ends],
    ['reply', endsOfReply],
  ];
  addChain(table, recorder(set), [
    ...directions.flatMap(([direction, key]) => [
      `${transports} ct direction ${direction} update @${set} { ${key} }`,
      `${transports} ct direction ${direction} ${key} != @${set} counter name ${lostCounter(set)}`,
    ]),
    `counter name ${recordedCounter(set)}`,
  ]);
}
