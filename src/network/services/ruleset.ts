import { addChain, addSet, contentName, createTable, type NftTable } from '../nft/table.ts';
import { type Backend, type Frontend, formatRange } from './frontends.ts';

export type ServiceNetworks = { podCIDR: string; clusterCIDR: string; serviceCIDR: string };

/** Marks of backends for the outside start here, so that both lists of one frontend share a map. */
const outsideOffset = 1_048_576;

const destination = 'ip daddr . meta l4proto . th dport';
const port = 'meta l4proto . th dport';
const onNode = 'fib daddr type local ip daddr != 127.0.0.0/8';

/**
 * The nat table of services. Flat maps: a packet's destination chooses a chain by the *number* of backends, which
 * draws one, and a map from (destination, draw) gives the backend; a chain per service would take nft minutes.
 */
export function serviceTable(name: string, frontends: Frontend[], networks: ServiceNetworks): NftTable {
  const table = createTable('ip', name);
  const sets = addSets(table);
  const taken = new Set<string>();
  for (const frontend of frontends) {
    const key = keyOf(frontend);
    // The first to claim an address and port keeps it: well-known services come first.
    if (taken.has(key)) continue;
    taken.add(key);
    addFrontend(table, sets, frontend, key);
    for (const { ip } of [...frontend.backends, ...(frontend.outside ?? [])]) {
      sets.hairpin.set(`${ip} . ${ip}`, '');
      sets.backends.set(ip, '');
    }
  }
  addRules(table, networks);
  return table;
}

function addSets(table: NftTable) {
  const address = 'ipv4_addr . inet_proto . inet_service';
  return {
    endpoints: addSet(table, 'endpoints', `type ${address} . mark : ipv4_addr . inet_service;`),
    nodeEndpoints: addSet(table, 'node_endpoints', 'type inet_proto . inet_service . mark : ipv4_addr . inet_service;'),
    pick: addSet(table, 'pick', `type ${address} : verdict;`),
    nodePick: addSet(table, 'node_pick', 'type inet_proto . inet_service : verdict;'),
    pickOutside: addSet(table, 'pick_outside', `type ${address} : verdict;`),
    nodePickOutside: addSet(table, 'node_pick_outside', 'type inet_proto . inet_service : verdict;'),
    refused: addSet(table, 'refused', `type ${address};`),
    nodeRefused: addSet(table, 'node_refused', 'type inet_proto . inet_service;'),
    hairpin: addSet(table, 'hairpin', 'type ipv4_addr . ipv4_addr;'),
    backends: addSet(table, 'backends', 'type ipv4_addr;'),
    restricted: addSet(table, 'restricted', `type ${address};`),
    sources: addSet(table, 'sources', `type ipv4_addr . ${address}; flags interval;`),
  };
}

type Sets = ReturnType<typeof addSets>;

const keyOf = ({ address, protocol, port }: Frontend) =>
  address === undefined ? `${protocol} . ${port}` : `${address} . ${protocol} . ${port}`;

function addFrontend(table: NftTable, sets: Sets, frontend: Frontend, key: string): void {
  const { backends, outside, localOnly, sourceRanges } = frontend;
  const node = frontend.address === undefined;
  const [pick, pickOutside] = node ? [sets.nodePick, sets.nodePickOutside] : [sets.pick, sets.pickOutside];
  if (backends.length > 0) pick.set(key, `goto ${chainFor(table, sets, frontend, key, backends, 0)}`);
  else if (localOnly) pick.set(key, 'drop');
  else (node ? sets.nodeRefused : sets.refused).set(key, '');
  if (outside !== undefined && backends.length > 0)
    pickOutside.set(
      key,
      outside.length === 0 ? 'drop' : `goto ${chainFor(table, sets, frontend, key, outside, outsideOffset)}`,
    );
  if (sourceRanges === undefined) return;
  sets.restricted.set(key, '');
  for (const range of sourceRanges) sets.sources.set(`${formatRange(range)} . ${key}`, '');
}

/** The chain that sends a new connection to one of `backends`; made when it is not there yet. */
function chainFor(table: NftTable, sets: Sets, frontend: Frontend, key: string, backends: Backend[], offset: number) {
  if (frontend.affinitySeconds !== undefined) return stickyChain(table, frontend, backends);
  const node = frontend.address === undefined;
  const endpoints = node ? sets.nodeEndpoints : sets.endpoints;
  backends.forEach(({ ip, port }, index) => {
    endpoints.set(`${key} . ${index + offset}`, `${ip} . ${port}`);
  });
  const name = `${node ? 'node_' : ''}draw${offset > 0 ? '_outside' : ''}_${backends.length}`;
  const from = node ? `${port} . meta mark map @node_endpoints` : `${destination} . meta mark map @endpoints`;
  const draw = `meta mark set numgen random mod ${backends.length}${offset > 0 ? ` offset ${offset}` : ''}`;
  addChain(table, name, [draw, `dnat ip to ${from}`]);
  return name;
}

const affinityClientsMax = 65_535;

/** ClientIP affinity: each backend remembers its clients in a set of its own, which expires and is bounded. */
function stickyChain(table: NftTable, { service, protocol, affinitySeconds }: Frontend, backends: Backend[]): string {
  const remembered = backends.map(({ ip, port }) => {
    const name = contentName('client', `${service} ${ip}:${port} ${affinitySeconds}`);
    addSet(table, name, `type ipv4_addr; size ${affinityClientsMax}; flags dynamic,timeout;`);
    const chain = contentName('to', name);
    addChain(table, chain, [
      `update @${name} { ip saddr timeout ${affinitySeconds}s }`,
      `meta l4proto ${protocol} dnat to ${ip}:${port}`,
    ]);
    return { name, chain };
  });
  const chain = contentName('sticky', remembered.map(({ name }) => name).join());
  const draw = remembered.map(({ chain }, index) => `${index} : goto ${chain}`).join(', ');
  addChain(table, chain, [
    ...remembered.map(({ name, chain }) => `ip saddr @${name} goto ${chain}`),
    `numgen random mod ${backends.length} vmap { ${draw} }`,
  ]);
  return chain;
}

function addRules(table: NftTable, { podCIDR, clusterCIDR, serviceCIDR }: ServiceNetworks): void {
  addChain(table, 'outside', [`${destination} vmap @pick_outside`, `${onNode} ${port} vmap @node_pick_outside`]);
  addChain(table, 'lookup', [`${destination} vmap @pick`, `${onNode} ${port} vmap @node_pick`]);
  addChain(table, 'refuse', [
    ...refuse(`ip daddr ${serviceCIDR}`),
    ...refuse(`${destination} @refused`),
    ...refuse(`${onNode} ${port} @node_refused`),
  ]);
  addChain(
    table,
    'from_outside',
    [
      // Addresses of services are for pods and for this node, whatever routes the outside has made itself.
      `iifname != "lo" ip saddr != ${clusterCIDR} ip daddr ${serviceCIDR} counter drop`,
      `ip saddr != ${clusterCIDR} ${destination} @restricted ip saddr . ${destination} != @sources counter drop`,
    ],
    'type filter hook prerouting priority mangle; policy accept;',
  );
  const nat = 'type nat hook';
  addChain(
    table,
    'prerouting',
    [`ip saddr != ${clusterCIDR} jump outside`, 'jump lookup'],
    `${nat} prerouting priority dstnat; policy accept;`,
  );
  addChain(table, 'output', ['jump lookup'], `${nat} output priority -100; policy accept;`);
  addChain(
    table,
    'postrouting',
    [
      // A pod that reached itself through a service must see an answer from the service, not from itself.
      'oifname != "lo" ip saddr . ip daddr @hairpin masquerade',
      // Answers of pods on this node pass here anyway; others must be made to come back. So clients keep their
      // address where they can, also with externalTrafficPolicy: Cluster.
      `ct status dnat ip saddr != ${clusterCIDR} ip daddr != ${podCIDR} ip daddr @backends masquerade`,
      `ip saddr ${podCIDR} ip daddr != ${clusterCIDR} masquerade`,
    ],
    `${nat} postrouting priority srcnat; policy accept;`,
  );
  for (const hook of ['forward', 'output', 'input'])
    addChain(
      table,
      `filter_${hook}`,
      ['ct state new jump refuse'],
      `type filter hook ${hook} priority filter; policy accept;`,
    );
}

/** Pods time out on ICMP errors: TCP is refused by a reset. */
const refuse = (what: string) => [`meta l4proto tcp ${what} reject with tcp reset`, `${what} reject`];
