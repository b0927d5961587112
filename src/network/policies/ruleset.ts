import {
  type CompiledDirection,
  type CompiledPod,
  formatAddress,
  type PeerSet,
  type PortRange,
  type Protocol,
} from '../../policy/policy.ts';
import { addChain, addSet, contentName, createTable, type NftTable } from '../nft/table.ts';
import { addRecording, noRecording, type Recording } from '../observations/recording.ts';
import { formatRange } from '../services/frontends.ts';

/** A pod of this node whose rules are to be in force. */
export type LocalPod = { ip: string; interfaceName: string; compiled: CompiledPod };
/** What this node offers its pods on itself: DNS, API, ports of pods on the node's network. */
export type NodePort = { address: string; protocol: Protocol; port: number };
export type PolicyNetworks = {
  podCIDR: string;
  clusterCIDR: string;
  gatewayAddress: string;
  /** Record what passes and what is dropped, for the sets of observations/recording.ts. */
  observed?: boolean;
};

/**
 * Questions over UDP that one pod may ask this node's DNS. The DNS shares its process with the node agent: beyond this its
 * packets would crowd out those of other pods, and the agent's own work.
 */
const questionsPerSecondMax = 1000;
const questionsAtOnceMax = 500;
/** Pods of this node, each at its one address. */
const askersMax = 4096;

/**
 * The filter table of policies. Every packet is judged, in both directions of its connection, by the connection's own
 * two ends (client: original source; server: reply source and port), so that a policy that tightens cuts existing
 * connections with their next packet. Pod addresses that are not programmed can neither send nor be reached, and nothing
 * at all comes from the interfaces of `strangers`: pods that run here and that nobody has told of.
 */
export function policyTable(
  name: string,
  pods: LocalPod[],
  nodePorts: NodePort[],
  networks: PolicyNetworks,
  strangers: Iterable<string> = [],
): NftTable {
  const table = createTable('inet', name);
  const addresses = addSet(table, 'pod_addresses', 'type ifname . ipv4_addr;');
  const interfaces = addSet(table, 'pod_interfaces', 'type ifname;');
  const self = addSet(table, 'self', 'type ipv4_addr . ipv4_addr;');
  const offered = addSet(table, 'node_ports', 'type ipv4_addr . inet_proto . inet_service;');
  const egress = addSet(table, 'egress', 'type ipv4_addr : verdict;');
  const ingress = addSet(table, 'ingress', 'type ipv4_addr : verdict;');
  const recording = networks.observed ? addRecording(table, networks) : noRecording;
  addChain(table, 'open', []);
  for (const { ip, interfaceName, compiled } of pods) {
    addresses.set(`"${interfaceName}" . ${ip}`, '');
    interfaces.set(`"${interfaceName}"`, '');
    self.set(`${ip} . ${ip}`, '');
    egress.set(ip, `jump ${directionChain(table, 'egress', compiled.egress, recording)}`);
    ingress.set(ip, `jump ${directionChain(table, 'ingress', compiled.ingress, recording)}`);
  }
  for (const interfaceName of strangers) interfaces.set(`"${interfaceName}"`, '');
  for (const { address, protocol, port } of nodePorts)
    offered.set(`${address} . ${protocol.toLowerCase()} . ${port}`, '');
  addHooks(table, networks, recording);
  return table;
}

const client = 'ct original ip saddr';
const server = 'ct reply ip saddr';
const related = 'meta l4proto icmp ct state related goto related';
const isOffered = 'ip daddr . meta l4proto . th dport @node_ports';
const when = (condition: string, rules: string[]) => rules.map((rule) => `${condition} ${rule}`);

function addHooks(
  table: NftTable,
  { podCIDR, clusterCIDR, gatewayAddress }: PolicyNetworks,
  recording: Recording,
): void {
  const isSpoofed = 'iifname @pod_interfaces iifname . ip saddr != @pod_addresses';
  const isUnknown = `ip saddr ${podCIDR} iifname . ip saddr != @pod_addresses`;
  const toUnknown = `ct direction original ip daddr ${podCIDR} ${server} != @ingress`;
  addChain(
    table,
    'spoofing',
    [
      'iifname "lo" accept',
      'iifname @pod_interfaces meta nfproto ipv6 counter drop comment "no IPv6 from pods"',
      ...when(isSpoofed, recording.spoofed),
      `${isSpoofed} counter drop comment "address of another"`,
      // Also what an unknown pod sends, before its rules are here.
      ...when(isUnknown, recording.spoofed),
      `${isUnknown} counter drop comment "unknown pod"`,
    ],
    'type filter hook prerouting priority raw; policy accept;',
  );
  // Errors about a connection (too large, unreachable) have no ports that a rule could match. From a pod they are about
  // one of its own: with raw sockets it could write them, and in them anything, to whom it may not reach.
  addChain(table, 'related', [
    'iifname != @pod_interfaces accept',
    `ip saddr . ${client} @self accept`,
    `ip saddr . ${server} @self accept`,
    'counter drop comment "about a connection of others"',
  ]);
  addChain(
    table,
    'forward',
    [
      `ct state invalid,untracked ip saddr ${podCIDR} counter drop`,
      `ct state invalid,untracked ip daddr ${podCIDR} counter drop`,
      // A connection taken up in its middle would have its ends the wrong way round.
      `ct state new ip saddr ${podCIDR} tcp flags & (fin | syn | rst | ack) != syn counter drop`,
      `ct state new ip daddr ${podCIDR} tcp flags & (fin | syn | rst | ack) != syn counter drop`,
      related,
      `${client} . ${server} @self accept`,
      `${client} vmap @egress`,
      `${server} vmap @ingress`,
      ...when(toUnknown, recording.ingress),
      `${toUnknown} counter drop comment "unknown pod"`,
      ...recording.forwarded,
    ],
    'type filter hook forward priority filter + 10; policy accept;',
  );
  addChain(
    table,
    'input',
    [
      `iifname != "lo" ip daddr ${gatewayAddress} ip saddr != ${clusterCIDR} ct direction original counter drop comment "for pods only"`,
      'iifname @pod_interfaces goto pod_to_node',
    ],
    'type filter hook input priority filter + 10; policy accept;',
  );
  const limit = `limit rate over ${questionsPerSecondMax}/second burst ${questionsAtOnceMax} packets`;
  addSet(table, 'askers', `type ipv4_addr; size ${askersMax}; flags dynamic,timeout; timeout 60s; ${limit};`);
  addChain(table, 'pod_to_node', [
    'ct state invalid,untracked counter drop',
    'udp dport 53 update @askers { ip saddr } counter drop comment "too many questions"',
    'ct direction reply accept',
    related,
    `${client} vmap @egress`,
    ...when(isOffered, recording.toNode),
    `${isOffered} accept`,
    ...recording.egress,
    'counter drop comment "node guard"',
  ]);
}

/** The chain of one direction; pods whose rules are the same share it. Returning from it is permission. */
function directionChain(
  table: NftTable,
  prefix: 'egress' | 'ingress',
  direction: CompiledDirection,
  recording: Recording,
): string {
  if (direction.open) return 'open';
  const far = prefix === 'egress' ? server : client;
  const rules = [
    ...new Set(
      direction.rules.flatMap(({ peers, ports }) => {
        const from = peers === undefined ? '' : `${far} @${addPeers(table, peers)} `;
        return portTexts(ports).map((ports) => `${from}${ports}return`);
      }),
    ),
  ];
  const chain = contentName(prefix, [...rules, ...direction.by].join('\n'));
  addChain(table, chain, [...rules, ...recording[prefix], `counter drop comment "${commentOf(direction.by)}"`]);
  return chain;
}

/** nft takes 128 bytes at most; names are DNS labels and need no quoting. */
const commentOf = (by: string[]) => {
  const text = by.join(' ').replace(/[^a-z0-9./ -]/g, '');
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`;
};

function addPeers(table: NftTable, peers: PeerSet): string {
  const name = contentName(peers.type === 'ranges' ? 'blocks' : 'pods', peers.id);
  if (table.sets.has(name)) return name;
  const header = peers.type === 'ranges' ? 'type ipv4_addr; flags interval;' : 'type ipv4_addr;';
  const keys = peers.type === 'ranges' ? peers.ranges.map(formatRange) : peers.addresses.map(formatAddress);
  addSet(table, name, header, new Map(keys.map((key) => [key, ''])));
  return name;
}

/** One match per protocol, since the server's port of a connection cannot stand in an nft concatenation. */
function portTexts(ports: PortRange[] | undefined): string[] {
  if (ports === undefined) return [''];
  return [...Map.groupBy(ports, ({ protocol }) => protocol)].map(([protocol, ranges]) => {
    const match = `meta l4proto ${protocol.toLowerCase()} `;
    const spans = mergeSpans(ranges);
    if (spans.some(({ first, last }) => first === 0 && last === 65_535)) return match;
    const texts = spans.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
    return `${match}ct reply proto-src ${texts.length === 1 ? texts[0] : `{ ${texts.join(', ')} }`} `;
  });
}

/** nft refuses overlapping spans in one set. */
function mergeSpans(ranges: PortRange[]): { first: number; last: number }[] {
  const merged: { first: number; last: number }[] = [];
  for (const { first, last } of [...ranges].sort((a, b) => a.first - b.first)) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous.last + 1) previous.last = Math.max(previous.last, last);
    else merged.push({ first, last });
  }
  return merged;
}
