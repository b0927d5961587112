import type { PortRange } from '../compile.ts';
import type { Protocol } from '../world.ts';

/** A set of ports by its number: equal sets have equal numbers within one `PortSets`. */
export type PortSetId = number;

/** Sets of ports, each kept once, so that millions of unions and intersections are look-ups. */
export type PortSets = {
  none: PortSetId;
  all: PortSetId;
  of(ranges: PortRange[]): PortSetId;
  union(a: PortSetId, b: PortSetId): PortSetId;
  intersection(a: PortSetId, b: PortSetId): PortSetId;
  /** Disjoint, not adjacent, sorted by protocol and number. */
  ranges(id: PortSetId): PortRange[];
};

const protocols: Protocol[] = ['TCP', 'UDP', 'SCTP'];
export const everyPort: PortRange[] = protocols.map((protocol) => ({ protocol, first: 0, last: 65_535 }));

/** Beyond this many distinct sets, which no cluster has, combinations are computed anew each time. */
const rememberedMax = 2 ** 20;

export function createPortSets(): PortSets {
  const sets: PortRange[][] = [];
  const ids = new Map<string, PortSetId>();
  const of = (ranges: PortRange[]): PortSetId => {
    const merged = mergePorts(ranges);
    const key = portsText(merged);
    let id = ids.get(key);
    if (id === undefined) {
      id = sets.push(merged) - 1;
      ids.set(key, id);
    }
    return id;
  };
  const none = of([]);
  const all = of(everyPort);
  const remember = (combine: (a: PortRange[], b: PortRange[]) => PortRange[]) => {
    const known = new Map<number, PortSetId>();
    return (a: PortSetId, b: PortSetId): PortSetId => {
      const key = a * 2 ** 26 + b;
      let id = known.get(key);
      if (id === undefined) {
        id = of(combine(sets[a]!, sets[b]!));
        if (known.size < rememberedMax) known.set(key, id);
      }
      return id;
    };
  };
  const unite = remember((a, b) => [...a, ...b]);
  const intersect = remember(commonPorts);
  return {
    ...{ none, all, of },
    union: (a, b) => (a === b || b === none ? a : a === none ? b : a === all || b === all ? all : unite(a, b)),
    intersection: (a, b) =>
      a === b || b === all ? a : a === all ? b : a === none || b === none ? none : intersect(a, b),
    ranges: (id) => sets[id]!,
  };
}

function mergePorts(ranges: PortRange[]): PortRange[] {
  // Most sets are one port.
  if (ranges.length === 1 && protocols.includes(ranges[0]!.protocol)) return ranges;
  return protocols.flatMap((protocol) => {
    const merged: PortRange[] = [];
    const own = ranges.filter((range) => range.protocol === protocol).sort((a, b) => a.first - b.first);
    for (const { first, last } of own) {
      const previous = merged.at(-1);
      if (previous !== undefined && first <= previous.last + 1)
        merged[merged.length - 1] = { ...previous, last: Math.max(previous.last, last) };
      else merged.push({ protocol, first, last });
    }
    return merged;
  });
}

const commonPorts = (a: PortRange[], b: PortRange[]): PortRange[] =>
  a.flatMap(({ protocol, first, last }) =>
    b
      .filter((range) => range.protocol === protocol && range.first <= last && first <= range.last)
      .map((range) => ({ protocol, first: Math.max(first, range.first), last: Math.min(last, range.last) })),
  );

/** Ports of `a` that are not in `b`. */
export const withoutPorts = (a: PortRange[], b: PortRange[]): PortRange[] =>
  a.flatMap((range) => {
    let left = [range];
    for (const hole of b.filter(({ protocol }) => protocol === range.protocol))
      left = left.flatMap(({ protocol, first, last }) => {
        if (hole.last < first || last < hole.first) return [{ protocol, first, last }];
        return [
          ...(first < hole.first ? [{ protocol, first, last: hole.first - 1 }] : []),
          ...(hole.last < last ? [{ protocol, first: hole.last + 1, last }] : []),
        ];
      });
    return left;
  });

/** `TCP 80, TCP 8000-8999, all UDP ports`; `all` when nothing is left out, empty when there is none. */
export function portsText(ranges: PortRange[]): string {
  const whole = ranges.filter(({ first, last }) => first === 0 && last === 65_535);
  if (whole.length === protocols.length) return 'all';
  return ranges
    .map(({ protocol, first, last }) => {
      if (first === 0 && last === 65_535) return `all ${protocol} ports`;
      return `${protocol} ${first === last ? first : `${first}-${last}`}`;
    })
    .join(', ');
}
