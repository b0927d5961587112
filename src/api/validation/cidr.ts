import { BlockList, isIPv6 } from 'node:net';

/** Tells addresses inside the block from others; it must be a valid CIDR. */
export function blockOf(cidr: string): (address: string) => boolean {
  const [network, length] = cidr.split('/') as [string, string];
  const family = isIPv6(network) ? 'ipv6' : 'ipv4';
  const block = new BlockList();
  block.addSubnet(network, Number(length), family);
  return (address) => isIPv6(network) === isIPv6(address) && block.check(address, family);
}

/** Is the address inside the block, which must be a valid CIDR? */
export const isAddressInCidr = (address: string, cidr: string): boolean => blockOf(cidr)(address);
