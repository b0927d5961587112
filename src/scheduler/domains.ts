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
export type CountedDomains = Domains & { add(domain: string, by: number): void };

export function createDomains(numbers = new Map<string, number>(), levels = new Map<number, number>()): CountedDomains {
  // How many domains have each number: the least is wanted for every decision, and there are few different ones.
  const count = (level: number, by: 1 | -1) => {
    const domains = (levels.get(level) ?? 0) + by;
    if (domains > 0) levels.set(level, domains);
    else levels.delete(level);
  };
  return {
    number: (domain) => (domain === undefined ? 0 : (numbers.get(domain) ?? 0)),
    size: () => numbers.size,
    least: () => Math.min(...levels.keys()),
    isEmpty: () => levels.size === 0 || (levels.size === 1 && levels.has(0)),
    less(domains) {
      const copy = createDomains(new Map(numbers), new Map(levels));
      for (const domain of domains) copy.add(domain, -1);
      return copy;
    },
    add(domain, by) {
      const before = numbers.get(domain);
      if (before !== undefined) count(before, -1);
      numbers.set(domain, (before ?? 0) + by);
      count((before ?? 0) + by, 1);
    },
  };
}
