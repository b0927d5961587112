import { BlockList, isIPv6 } from 'node:net';

/** Is the address inside the block, which must be a valid CIDR? */
export function isAddressInCidr(address: string, cidr: string): boolean {
  const [network, length] = cidr.split('/') as [string, string];
  if (isIPv6(network) !== isIPv6(address)) return false;
  const family = isIPv6(network) ? 'ipv6' : 'ipv4';
  const block = new BlockList();
  block.addSubnet(network, Number(length), family);
  return block.check(address, family);
}
