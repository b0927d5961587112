import type { RunCommand } from '../command.ts';
import type { NftTable } from './table.ts';

const isDynamic = (header: string) => /\bdynamic\b/.test(header);

type Value = string | number;
type Element = Value | { concat: Value[] } | { elem: Entry };
type Entry = {
  val: Value | { concat: Value[] };
  counter?: { packets: number; bytes: number };
  /** Seconds; left out where it is what the set says for all. */
  timeout?: number;
  expires?: number;
};
/** A set as `nft -j list set` shows it. `type` is a list where elements are concatenations. */
export type ListedSet = { type: string | string[]; timeout?: number; elem?: Element[] };
/** An element with its parts, in the order of the set's type. */
export type ListedElement = { parts: Value[]; packets: number; ageSeconds: number; timeout?: number; entry: Entry };

/** A set of the kernel; undefined when it has none of that name. */
export async function listSet(
  run: RunCommand,
  { family, name }: Pick<NftTable, 'family' | 'name'>,
  setName: string,
): Promise<ListedSet | undefined> {
  const { code, stdout } = await run('nft', ['-j', 'list', 'set', family, name, setName]);
  if (code !== 0) return undefined;
  const { nftables }: { nftables: { set?: ListedSet }[] } = JSON.parse(stdout);
  return nftables.flatMap(({ set }) => set ?? [])[0];
}

/** `ageSeconds`: since an element was updated last. */
export function elementsOf(set: ListedSet): ListedElement[] {
  return (set.elem ?? []).map((element) => {
    const entry = typeof element === 'object' && 'elem' in element ? element.elem : { val: element };
    const timeout = entry.timeout ?? set.timeout;
    return {
      parts: typeof entry.val === 'object' ? entry.val.concat : [entry.val],
      packets: entry.counter?.packets ?? 0,
      ageSeconds: timeout === undefined ? 0 : Math.max(0, timeout - (entry.expires ?? timeout)),
      timeout,
      entry,
    };
  });
}

/**
 * What packets have put into the table's dynamic sets: `add element` lines that put it back after a replacement, each
 * with its count and the time it has left. Sets that the kernel does not have are passed over.
 */
export async function dynamicElements(run: RunCommand, table: NftTable): Promise<string> {
  const { family, name, sets } = table;
  const lines: string[] = [];
  for (const [setName, { header }] of sets) {
    if (!isDynamic(header)) continue;
    const listed = await listSet(run, table, setName);
    if (listed === undefined) continue;
    const texts = elementsOf(listed).map((element) => textOf(element, listed.type));
    if (texts.length > 0) lines.push(`add element ${family} ${name} ${setName} { ${texts.join(', ')} }\n`);
  }
  return lines.join('');
}

/** One that is about to expire is given its last second: the kernel refuses none. */
function textOf({ parts, timeout, entry: { counter, expires } }: ListedElement, type: ListedSet['type']): string {
  const types = Array.isArray(type) ? type : [type];
  const key = parts.map((part, index) => (types[index] === 'ifname' ? `"${part}"` : String(part))).join(' . ');
  const counted = counter === undefined ? '' : ` counter packets ${counter.packets} bytes ${counter.bytes}`;
  if (timeout === undefined) return `${key}${counted}`;
  return `${key}${counted} timeout ${timeout}s expires ${Math.max(1, Math.floor(expires ?? timeout))}s`;
}
