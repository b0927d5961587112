import { createHash } from 'node:crypto';

/** A set, or a map when `header` declares one: `type ipv4_addr : verdict`. Values of plain sets are empty. */
export type NftSet = { map: boolean; header: string; elements: Map<string, string> };
/** `hook` makes it a base chain: `type filter hook forward priority filter; policy accept;`. */
export type NftChain = { hook: string | undefined; rules: string[] };

/** One nftables table as data: what it should hold, in nft's own words. */
export type NftTable = {
  family: 'ip' | 'inet';
  name: string;
  sets: Map<string, NftSet>;
  /** Names of counters that rules count into: `counter name x`. */
  counters: Set<string>;
  chains: Map<string, NftChain>;
};

export const createTable = (family: NftTable['family'], name: string): NftTable => ({
  family,
  name,
  sets: new Map(),
  counters: new Set(),
  chains: new Map(),
});

/** Adds a set or map and returns its elements, to be filled. `header`: `type ipv4_addr; flags interval;`. */
export function addSet(table: NftTable, name: string, header: string, elements = new Map<string, string>()) {
  const map = /^type [^;]*:/.test(header);
  table.sets.set(name, { map, header, elements });
  return elements;
}

export function addChain(table: NftTable, name: string, rules: string[], hook?: string): void {
  table.chains.set(name, { hook, rules });
}

/** A short name for content: equal content, equal name. Chains and sets named so never change, they are replaced. */
export const contentName = (prefix: string, content: string): string =>
  `${prefix}_${createHash('sha256').update(content).digest('hex').slice(0, 16)}`;

/** The script that puts `wanted` in place of whatever has its name, in one transaction. */
export function replaceScript(wanted: NftTable): string {
  const own = `table ${wanted.family} ${wanted.name}`;
  const empty = createTable(wanted.family, wanted.name);
  return `add ${own}\ndelete ${own}\nadd ${own}\n${changeScript(empty, wanted)}`;
}

/**
 * The script that turns `current` into `wanted` in one transaction and touches nothing else; empty when equal. Order
 * matters to the kernel: what is referred to is made first and removed last.
 */
export function changeScript(current: NftTable, wanted: NftTable): string {
  const own = `${wanted.family} ${wanted.name}`;
  const lines: string[] = [];
  const gone = [...current.sets].filter(([name, set]) => !sameSet(set, wanted.sets.get(name)));
  const made = [...wanted.sets].filter(([name, set]) => !sameSet(set, current.sets.get(name)));
  const goneChains = [...current.chains].filter(([name, chain]) => !sameChain(chain, wanted.chains.get(name)));
  const madeChains = [...wanted.chains].filter(([name, chain]) => !sameChain(chain, current.chains.get(name)));

  for (const [name] of goneChains) lines.push(`flush chain ${own} ${name}`);
  for (const [name, set] of gone) lines.push(`delete ${set.map ? 'map' : 'set'} ${own} ${name}`);
  for (const [name, set] of current.sets) {
    const after = wanted.sets.get(name);
    if (sameSet(set, after)) lines.push(...elementLines('delete', own, name, missing(set, after)));
  }
  for (const [name] of goneChains) if (!wanted.chains.has(name)) lines.push(`delete chain ${own} ${name}`);
  for (const name of current.counters.difference(wanted.counters)) lines.push(`delete counter ${own} ${name}`);
  for (const name of wanted.counters.difference(current.counters)) lines.push(`add counter ${own} ${name}`);
  for (const [name, set] of made) lines.push(`add ${set.map ? 'map' : 'set'} ${own} ${name} { ${set.header} }`);
  for (const [name, { hook }] of madeChains)
    if (!current.chains.has(name)) lines.push(`add chain ${own} ${name}${hook === undefined ? '' : ` { ${hook} }`}`);
  for (const [name, set] of wanted.sets) {
    const before = current.sets.get(name);
    lines.push(...elementLines('add', own, name, missing(set, sameSet(set, before) ? before : undefined)));
  }
  for (const [name, { rules }] of madeChains) for (const rule of rules) lines.push(`add rule ${own} ${name} ${rule}`);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** A set of another type cannot be changed, only made anew. */
const sameSet = (a: NftSet, b: NftSet | undefined) => b !== undefined && a.header === b.header;
const sameChain = (a: NftChain, b: NftChain | undefined) =>
  b !== undefined &&
  a.hook === b.hook &&
  a.rules.length === b.rules.length &&
  a.rules.every((r, i) => r === b.rules[i]);

/** Elements of `set` that `other` lacks or holds with another value. */
function missing(set: NftSet, other: NftSet | undefined): NftSet {
  if (other === undefined) return set;
  const elements = new Map<string, string>();
  for (const [key, value] of set.elements) if (other.elements.get(key) !== value) elements.set(key, value);
  return { ...set, elements };
}

const elementsPerLine = 2000;

function elementLines(verb: 'add' | 'delete', own: string, name: string, { map, elements }: NftSet): string[] {
  const texts = [...elements].map(([key, value]) => (map && verb === 'add' ? `${key} : ${value}` : key));
  const lines: string[] = [];
  for (let at = 0; at < texts.length; at += elementsPerLine)
    lines.push(`${verb} element ${own} ${name} { ${texts.slice(at, at + elementsPerLine).join(', ')} }`);
  return lines;
}
