import type { RunCommand } from '../command.ts';
import type { NftTable } from './table.ts';

const isDynamic = (header: string) => /\bdynamic\b/.test(header);

type Element = string | { elem: { val: string; timeout?: number; expires?: number } };

/**
 * What packets have put into the table's dynamic sets: `add element` lines that put it back after a replacement, each
 * with the time it has left. Sets that the kernel does not have are passed over.
 */
export async function dynamicElements(run: RunCommand, { family, name, sets }: NftTable): Promise<string> {
  const lines: string[] = [];
  for (const [setName, { header }] of sets) {
    if (!isDynamic(header)) continue;
    const { code, stdout } = await run('nft', ['-j', 'list', 'set', family, name, setName]);
    if (code !== 0) continue;
    const listed: { set?: { elem?: Element[] } }[] = JSON.parse(stdout).nftables;
    const elements = listed.flatMap(({ set }) => set?.elem ?? []).map(textOf);
    if (elements.length > 0) lines.push(`add element ${family} ${name} ${setName} { ${elements.join(', ')} }\n`);
  }
  return lines.join('');
}

/** One that is about to expire is given its last second: the kernel refuses none. */
function textOf(element: Element): string {
  if (typeof element === 'string') return element;
  const { val, timeout, expires } = element.elem;
  if (timeout === undefined) return val;
  return `${val} timeout ${timeout}s expires ${Math.max(1, Math.floor(expires ?? timeout))}s`;
}
