import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair } from 'yaml';

/** Bounds on one document; a hostile one ends in an error, not in exhausted memory. */
const depthMax = 100;
/** Values that aliases stand for; each is counted every time that it is meant. */
const aliasedMax = 100_000;

/** What is wrong with a document, at an offset of its text. */
export class DocumentError extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** The plain value of a parsed document, and whether aliases are in it. Throws DocumentError beyond the bounds. */
export function plainValue(document: Document.Parsed): { value: unknown; hasAliases: boolean } {
  let hasAliases = false;
  let aliased = 0;
  let insideAliases = 0;
  const anchors = new Map<string, Node>();

  function read(node: Node | null, depth: number, open: Set<Node>): unknown {
    const offset = node?.range?.[0] ?? 0;
    if (depth > depthMax) throw new DocumentError(`nested more than ${depthMax} deep`, offset);
    // Aliases are followed each time, so that a few lines can stand for billions of values.
    if (insideAliases > 0 && ++aliased > aliasedMax)
      throw new DocumentError(`aliases stand for more than ${aliasedMax} values`, offset);
    if (node === null || node === undefined) return null;
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target === undefined) throw new DocumentError(`alias *${node.source} has no anchor before it`, offset);
      if (open.has(target)) throw new DocumentError(`alias *${node.source} is inside its own anchor`, offset);
      hasAliases = true;
      insideAliases++;
      const value = read(target, depth + 1, open);
      insideAliases--;
      return value;
    }
    const anchor = (node as { anchor?: string }).anchor;
    if (anchor) anchors.set(anchor, node);
    if (isScalar(node)) return plain(node.value, offset);
    open.add(node);
    const value = isSeq(node)
      ? node.items.map((item) => read(item as Node, depth + 1, open))
      : isMap(node)
        ? readMap(node.items as Pair<Node, Node | null>[], depth, open)
        : null;
    open.delete(node);
    return value;
  }

  function readMap(pairs: Pair<Node, Node | null>[], depth: number, open: Set<Node>): Record<string, unknown> {
    const own: [string, unknown][] = [];
    const merged: [string, unknown][] = [];
    const seen = new Set<string>();
    for (const { key, value } of pairs) {
      if (!isScalar(key)) throw new DocumentError('a key that is not a text', key?.range?.[0] ?? 0);
      const read1 = read(value, depth + 1, open);
      if (key.source !== '<<' || key.type !== 'PLAIN') {
        const text = keyText(key.value);
        if (seen.has(text)) throw new DocumentError('keys of a map must be unique', key.range?.[0] ?? 0);
        seen.add(text);
        own.push([text, read1]);
      } else for (const each of [read1].flat().reverse()) merged.push(...Object.entries(each ?? {}));
    }
    // fromEntries defines own properties, also for a key such as __proto__.
    return Object.fromEntries([...merged, ...own]);
  }

  const value = read(document.contents, 0, new Set());
  return { value, hasAliases };
}

const keyText = (key: unknown) => (typeof key === 'symbol' ? '<<' : String(key));

function plain(value: unknown, offset: number): unknown {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new DocumentError('a number that JSON does not have', offset);
  if (value === null || ['string', 'boolean', 'number'].includes(typeof value)) return value;
  if (typeof value === 'bigint') return Number(value);
  if (value === undefined) return null;
  throw new DocumentError('a value of a type that manifests do not have', offset);
}
