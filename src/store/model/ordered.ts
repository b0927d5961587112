/** Items in the order of their keys (UTF-16 code units, which is byte order for the ASCII names of Kubernetes). */
export type Ordered<Item extends { key: string }> = {
  readonly size: number;
  get(key: string): Item | undefined;
  /** The key must be new. */
  insert(item: Item): void;
  remove(key: string): void;
  /** Items whose key starts with `prefix`, in order; the map must not change meanwhile. */
  under(prefix: string): Iterable<Item[]>;
};

const chunkItemsMax = 512;
const chunkItemsMin = 128;

/**
 * A sorted array cut into chunks, so that an insert moves at most a chunk: chunks [a b d] [f g], insert c → [a b c d]
 * [f g]. A chunk that grows too long is halved, one that shrinks is joined with the next.
 */
export function createOrdered<Item extends { key: string }>(): Ordered<Item> {
  const byKey = new Map<string, Item>();
  const chunks: Item[][] = [];

  /** The last chunk that starts at or before the key; 0 when there is none. */
  function chunkOf(key: string): number {
    let low = 0;
    let high = chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (chunks[middle]![0]!.key <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  function insert(item: Item): void {
    byKey.set(item.key, item);
    if (chunks.length === 0) {
      chunks.push([item]);
      return;
    }
    const index = chunkOf(item.key);
    const chunk = chunks[index]!;
    chunk.splice(lowerBound(chunk, item.key), 0, item);
    if (chunk.length > chunkItemsMax) chunks.splice(index + 1, 0, chunk.splice(chunkItemsMax >>> 1));
  }

  function remove(key: string): void {
    if (!byKey.delete(key)) return;
    const index = chunkOf(key);
    const chunk = chunks[index]!;
    chunk.splice(lowerBound(chunk, key), 1);
    if (chunk.length === 0) {
      chunks.splice(index, 1);
      return;
    }
    const next = chunks[index + 1];
    if (chunk.length < chunkItemsMin && next !== undefined && next.length < chunkItemsMin)
      chunks.splice(index, 2, chunk.concat(next));
  }

  function* under(prefix: string): Iterable<Item[]> {
    for (let index = chunkOf(prefix); index < chunks.length; index++) {
      const chunk = chunks[index]!;
      const from = lowerBound(chunk, prefix);
      const last = chunk.at(-1)!.key;
      if (last.startsWith(prefix)) {
        yield from === 0 ? chunk : chunk.slice(from);
        continue;
      }
      const to = chunk.findIndex((item, position) => position >= from && !item.key.startsWith(prefix));
      if (to === -1) continue;
      if (to > from) yield chunk.slice(from, to);
      return;
    }
  }

  return {
    get size() {
      return byKey.size;
    },
    get: (key) => byKey.get(key),
    insert,
    remove,
    under,
  };
}

function lowerBound(chunk: { key: string }[], key: string): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (chunk[middle]!.key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
