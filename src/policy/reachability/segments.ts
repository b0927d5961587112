import { UsageError } from '../../foundation/usage-error.ts';
import type { AddressRange } from '../address.ts';
import type { Peer } from '../parse.ts';

export type BlockPeer = Peer & { type: 'blocks' };

/** Addresses that no block tells apart: a number for each, and the blocks (by index) that hold them. */
export type Segments = {
  of(address: number): number;
  all: { ranges: AddressRange[]; blocks: number[] }[];
};

const lastAddress = 2 ** 32 - 1;
/** Of pieces in blocks: ten thousand blocks that all overlap would be a hundred million. */
const membershipsMax = 10_000_000;

/**
 * Cuts the addresses of IPv4 where some block begins or ends; pieces in the same blocks are one segment. Throws UsageError
 * when blocks overlap more than any cluster's do.
 */
export function segmentsOf(blocks: BlockPeer[]): Segments {
  const ranges = blocks.flatMap((block) => block.ranges);
  const starts = [...new Set([0, ...ranges.flatMap(({ first, last }) => [first, last + 1])])]
    .filter((start) => start <= lastAddress)
    .sort((a, b) => a - b);
  const pieceOf = (address: number) => lowerPlace(starts, address);
  const members: number[][] = starts.map(() => []);
  let memberships = 0;
  for (const [index, block] of blocks.entries())
    for (const { first, last } of block.ranges)
      for (let piece = pieceOf(first); piece < starts.length && starts[piece]! <= last; piece++) {
        members[piece]!.push(index);
        if (++memberships > membershipsMax) throw new UsageError(tooManyOverlaps(blocks.length));
      }
  const segments = new Map<string, Segments['all'][number]>();
  const numbers = new Map<string, number>();
  const numberOf = members.map((list, piece) => {
    const key = list.join(' ');
    if (!segments.has(key)) {
      numbers.set(key, segments.size);
      segments.set(key, { ranges: [], blocks: list });
    }
    const { ranges } = segments.get(key)!;
    const range = { first: starts[piece]!, last: (starts[piece + 1] ?? lastAddress + 1) - 1 };
    const previous = ranges.at(-1);
    if (previous !== undefined && previous.last + 1 === range.first) previous.last = range.last;
    else ranges.push(range);
    return numbers.get(key)!;
  });
  return { of: (address) => numberOf[pieceOf(address)]!, all: [...segments.values()] };
}

const tooManyOverlaps = (blocks: number) =>
  `the policies name ${blocks} ipBlocks that overlap too much to be told apart: judge fewer policies at once`;

/** Index of the last start that is not above the address. */
function lowerPlace(starts: number[], address: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= address) low = middle;
    else high = middle - 1;
  }
  return low;
}
