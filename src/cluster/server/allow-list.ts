import ipaddr from 'ipaddr.js';

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Addresses that were decided about are remembered, up to this many. */
const rememberedMax = 4096;

/** Tells for a client's address whether it lies in one of the ranges. An address that is none is refused. */
export function createAllowList(ranges: string[]): (address: string) => boolean {
  const parsed = ranges.map((range) => ipaddr.parseCIDR(range) as Range);
  const remembered = new Map<string, boolean>();
  return (address) => {
    const known = remembered.get(address);
    if (known !== undefined) return known;
    const allowed = lies(address, parsed);
    if (remembered.size >= rememberedMax) remembered.clear();
    remembered.set(address, allowed);
    return allowed;
  };
}

function lies(address: string, ranges: Range[]): boolean {
  if (!ipaddr.isValid(address)) return false;
  // A dual-stack socket shows IPv4 clients as ::ffff:192.0.2.1.
  const parsed = ipaddr.process(address);
  return ranges.some(([network, bits]) => parsed.kind() === network.kind() && parsed.match(network, bits));
}
