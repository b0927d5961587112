/** A span of IPv4 addresses as unsigned numbers, both ends included. */
export type AddressRange = { first: number; last: number };

const [point, zero, nine] = [46, 48, 57];

/** `10.0.0.1` as an unsigned number; undefined for anything else, IPv6 and leading zeros included. */
export function parseAddress(text: string): number | undefined {
  let value = 0;
  let parts = 0;
  let part = 0;
  let digits = 0;
  for (let at = 0; at <= text.length; at++) {
    const code = at === text.length ? point : text.charCodeAt(at);
    if (code === point) {
      if (digits === 0 || part > 255 || ++parts > 4) return undefined;
      value = value * 256 + part;
      part = 0;
      digits = 0;
    } else {
      const isLeadingZero = digits === 1 && part === 0;
      if (code < zero || code > nine || isLeadingZero || ++digits > 3) return undefined;
      part = part * 10 + code - zero;
    }
  }
  return parts === 4 ? value : undefined;
}

/** `10.0.0.1`, from its 32 bits. */
export const formatAddress = (value: number): string =>
  [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');

/** `10.0.0.0/8` (bits below the prefix are ignored) or a single address; undefined when it is neither. */
export function parseBlock(text: string): AddressRange | undefined {
  const [address = '', prefix = '32'] = text.split('/', 2);
  const value = parseAddress(address);
  if (value === undefined || !/^\d{1,2}$/.test(prefix) || Number(prefix) > 32) return undefined;
  const size = 2 ** (32 - Number(prefix));
  const first = Math.floor(value / size) * size;
  return { first, last: first + size - 1 };
}

export const contains = (range: AddressRange, address: number): boolean =>
  range.first <= address && address <= range.last;

/** What is left of `range` without `holes`: disjoint spans in ascending order. */
export function subtract(range: AddressRange, holes: AddressRange[]): AddressRange[] {
  const left: AddressRange[] = [];
  let next = range.first;
  for (const hole of [...holes].sort((a, b) => a.first - b.first)) {
    if (hole.last < next || hole.first > range.last) continue;
    if (hole.first > next) left.push({ first: next, last: hole.first - 1 });
    next = Math.max(next, hole.last + 1);
  }
  if (next <= range.last) left.push({ first: next, last: range.last });
  return left;
}
