/** How many placed pods stand in each domain, by the value of its label. */
export type Domains = {
  number(domain: string | undefined): number;
  size(): number;
  /** The least number of any domain; Infinity when there is none. */
  least(): number;
  /** Nobody stands anywhere. */
  isEmpty(): boolean;
  /** A copy with one less in each of these. */
  less(domains: string[]): Domains;
};
/** A domain is there as long as a pod stands there, or a node that makes it. */
export type CountedDomains = Domains & {
  add(domain: string, by: number): void;
  open(domain: string): void;
  close(domain: string): void;
};

/** `levels`: how many domains have each number; `places`: how many nodes make each domain. */
export function createDomains(
  numbers = new Map<string, number>(),
  levels = new Map<number, number>(),
  places = new Map<string, number>(),
): CountedDomains {
  function add(domain: string, by: number): void {
    const before = numbers.get(domain);
    const after = (before ?? 0) + by;
    // The least is wanted for every decision, and there are few different numbers.
    if (before !== undefined) increase(levels, before, -1);
    if (after === 0 && !places.has(domain)) {
      numbers.delete(domain);
      return;
    }
    numbers.set(domain, after);
    increase(levels, after, 1);
  }

  return {
    number: (domain) => (domain === undefined ? 0 : (numbers.get(domain) ?? 0)),
    size: () => numbers.size,
    least: () => Math.min(...levels.keys()),
    isEmpty: () => levels.size === 0 || (levels.size === 1 && levels.has(0)),
    less(domains) {
      const copy = createDomains(new Map(numbers), new Map(levels), places);
      for (const domain of domains) copy.add(domain, -1);
      return copy;
    },
    add,
    open(domain) {
      increase(places, domain, 1);
      add(domain, 0);
    },
    close(domain) {
      increase(places, domain, -1);
      add(domain, 0);
    },
  };
}

function increase<Key>(counts: Map<Key, number>, key: Key, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
