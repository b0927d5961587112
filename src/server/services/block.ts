import { isIPv4 } from 'node:net';

/** A block of IPv4 addresses, such as `10.96.0.0/16`. */
export type Block = {
  size: number;
  at(offset: number): string;
  /** Its first and its last address are not for services. */
  contains(address: string): boolean;
};

/** @throws Error when it is not a block of 4 to 16 million addresses */
export function parseBlock(cidr: string): Block {
  const [base = '', bits = ''] = cidr.split('/');
  const length = Number(bits);
  if (!isIPv4(base) || !Number.isInteger(length) || length < 8 || length > 30)
    throw new Error(`${cidr} is not an IPv4 block for services: give one such as 10.96.0.0/16`);
  const size = 2 ** (32 - length);
  const start = Math.floor(numberOf(base) / size) * size;
  return {
    size,
    at: (offset) => [24, 16, 8, 0].map((shift) => ((start + offset) >>> shift) & 255).join('.'),
    contains: (address) => isIPv4(address) && numberOf(address) > start && numberOf(address) < start + size - 1,
  };
}

const numberOf = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
