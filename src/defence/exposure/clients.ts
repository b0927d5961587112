import { type AddressRange, formatAddress, type NetworkPolicy, parseAddress, parseBlock } from '../../policy/policy.ts';

/** An address that stands for all of its kind: no policy and no allow-list tells them apart. */
export type ClientAddress = { address: string; public: boolean };

/** Of one namespace; beyond it nothing is said of who is not let in. */
export const blocksMax = 2000;
/** RFC 1918, 6598, 3927, 1122, 5771 and the like: from there nobody comes over the Internet. */
const notPublic = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
  '224.0.0.0/3',
].map((block) => parseBlock(block)!);
/** One that stands for all that nobody names. */
const anybody = [parseAddress('198.51.100.1')!, parseAddress('10.255.255.254')!];

const within = (ranges: AddressRange[], address: number) =>
  ranges.some(({ first, last }) => first <= address && address <= last);

export const isPublicAddress = (address: string): boolean => {
  const value = parseAddress(address);
  return value !== undefined && !within(notPublic, value);
};

/**
 * Addresses of clients outside the cluster, one for each set that ipBlocks of the policies and the allow-list can tell
 * apart: whatever holds for these holds for all. With an allow-list only those that it lets in. Undefined: the blocks are
 * too many.
 */
export function clientAddresses(
  policies: NetworkPolicy[],
  allowed: AddressRange[] | undefined,
  inside: (address: string) => boolean,
): ClientAddress[] | undefined {
  const blocks = policies.flatMap(({ spec }) => [
    ...(spec?.ingress ?? []).flatMap(({ from = [] }) =>
      from.flatMap(({ ipBlock }) => (ipBlock ? [ipBlock.cidr, ...(ipBlock.except ?? [])] : [])),
    ),
  ]);
  if (blocks.length > blocksMax) return undefined;
  const ranges = [...blocks.flatMap((block) => parseBlock(block) ?? []), ...(allowed ?? [])];
  const edges = [...ranges, ...notPublic]
    .flatMap(({ first, last }) => [first, last + 1])
    .filter((edge) => edge < 2 ** 32);
  return [...new Set([...anybody, ...edges])]
    .filter((value) => allowed === undefined || within(allowed, value))
    .map((value) => ({ address: formatAddress(value), public: !within(notPublic, value) }))
    .filter(({ address }) => !inside(address));
}
