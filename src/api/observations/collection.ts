import type { Flow, FlowEnd, Observations, ObservationType, Observed, Seen } from './observation.ts';
import { observationTypes } from './observation.ts';

/** At most this many observations of each type are kept: some tens of megabytes at most, as they are bounded, too. */
export const observationsMax: Record<ObservationType, number> = {
  ...{ flows: 10_000, calls: 10_000, addresses: 2000, images: 5000 },
};

/** Observations of all types, merged where they differ in nothing but time. */
export type Collection = {
  /** Returns how many others were pushed out to make room: 0 or 1. */
  add<T extends ObservationType>(type: T, observed: Observed[T]): number;
  list<T extends ObservationType>(type: T): Observed[T][];
  get<T extends ObservationType>(type: T, key: string): Observed[T] | undefined;
  /** Forgets what was last seen before this time. */
  forget(beforeMs: number): void;
  clear(): void;
};

export function createCollection(max: Record<ObservationType, number> = observationsMax): Collection {
  const kept = Object.fromEntries(observationTypes.map((type) => [type, createKeep(type, max[type])])) as unknown as {
    [T in ObservationType]: Keep<Observed[T]>;
  };
  return {
    add: (type, observed) => kept[type].add(observed),
    list: (type) => kept[type].list(),
    get: (type, key) => kept[type].get(key),
    forget(beforeMs) {
      for (const type of observationTypes) kept[type].forget(beforeMs);
    },
    clear() {
      for (const type of observationTypes) kept[type].forget(Number.POSITIVE_INFINITY);
    },
  };
}

/** What makes two observations one. */
export function keyOf<T extends ObservationType>(type: T, observed: Observed[T]): string {
  return JSON.stringify(keys[type](observed));
}

const keys: { [T in ObservationType]: (observed: Observed[T]) => unknown[] } = {
  flows: ({ from, to, protocol, port, allowed, drop }) => [
    ...[endKey(from), endKey(to), protocol, port, allowed],
    drop?.side,
  ],
  calls: ({ user, verb, group, resource, subresource, namespace, name, path, allowed }) => [
    ...[user, verb, group, resource, subresource, namespace, name, path, allowed],
  ],
  addresses: ({ address, user }) => [address, user],
  images: ({ image, digest, namespace, workload }) => [image, digest, namespace, workload],
};

function endKey(end: FlowEnd): string {
  if (end.type === 'pod') return `pod ${end.namespace}/${end.workload ?? end.name}`;
  return end.type === 'node' ? `node ${end.name}` : end.address;
}

/**
 * Who is answerable for an observation. When there is no room left, whoever has most gives up what was seen longest
 * ago: nobody can make the observations of others disappear by making many.
 */
const shares: { [T in ObservationType]: (observed: Observed[T]) => string } = {
  flows: ({ from, to }: Flow) => (from.type === 'address' ? `outside to ${endKey(to)}` : endKey(from)),
  calls: ({ user }) => user,
  addresses: ({ user }) => user,
  images: ({ namespace }) => namespace,
};

type Keep<O extends Seen> = {
  add(observed: O): number;
  list(): O[];
  get(key: string): O | undefined;
  forget(beforeMs: number): void;
};

function createKeep<T extends ObservationType>(type: T, max: number): Keep<Observed[T]> {
  /** Each share in the order in which it was seen last. */
  const byShare = new Map<string, Map<string, Observed[T]>>();
  let size = 0;

  function remove(share: string, key: string): void {
    const own = byShare.get(share)!;
    if (own.delete(key)) size--;
    if (own.size === 0) byShare.delete(share);
  }

  function makeRoom(): void {
    let [largest, sizeOfLargest] = ['', 0];
    for (const [share, { size }] of byShare) if (size > sizeOfLargest) [largest, sizeOfLargest] = [share, size];
    const [oldest] = byShare.get(largest)!.keys();
    remove(largest, oldest!);
  }

  return {
    add(observed) {
      const [share, key] = [shares[type](observed), keyOf(type, observed)];
      const known = byShare.get(share)?.get(key);
      if (known !== undefined) remove(share, key);
      const full = size >= max;
      if (full) makeRoom();
      const own = byShare.get(share) ?? new Map<string, Observed[T]>();
      byShare.set(share, own.set(key, known === undefined ? observed : merged(known, observed)));
      size++;
      return full ? 1 : 0;
    },
    list: () => [...byShare.values()].flatMap((own) => [...own.values()]),
    get(key) {
      for (const own of byShare.values()) {
        const found = own.get(key);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    forget(beforeMs) {
      for (const [share, own] of [...byShare])
        for (const [key, { lastMs }] of [...own]) if (lastMs < beforeMs) remove(share, key);
    },
  };
}

/** Facts of the one that was seen last, times and count of both. */
function merged<O extends Seen>(one: O, other: O): O {
  const newest = other.lastMs >= one.lastMs ? other : one;
  return {
    ...newest,
    firstMs: Math.min(one.firstMs, other.firstMs),
    lastMs: newest.lastMs,
    count: Math.min(one.count + other.count, Number.MAX_SAFE_INTEGER),
  };
}

/** Everything of a collection, with the windows in which it was seen. */
export const observationsOf = (collection: Collection, windows: Observations['windows']): Observations => ({
  ...{ flows: collection.list('flows'), calls: collection.list('calls') },
  ...{ addresses: collection.list('addresses'), images: collection.list('images'), windows },
});
