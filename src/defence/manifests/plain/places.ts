import type { FieldPath } from '../../field.ts';
import { advance, behindLine, type Cursor, endLine, isItem, isLineOver, toContent } from './cursor.ts';
import { isKey, takeKey } from './key.ts';
import { toFirstKey } from './plain.ts';

/** An item or a field: where it begins, and the block that is its value. Parts of that are looked for when asked for. */
type Part = { place: number; block?: Cursor; parts?: Map<string, Part> };

/**
 * Where fields of a document that `readPlain` reads stand, to the line: what is in brackets is on the line of its key. Of a
 * field that is not written, the nearest one above it.
 */
export function placesOf(text: string): (field: FieldPath) => number {
  const block = { text, at: 0, column: 0 };
  toFirstKey(block);
  const root: Part = block.column === -1 ? { place: 0 } : { place: block.at, block };
  return (field) => {
    let part = root;
    for (const name of field) {
      if (part.block !== undefined) part.parts ??= partsOf({ ...part.block });
      const found = part.parts?.get(String(name));
      if (found === undefined) break;
      part = found;
    }
    return part.place;
  };
}

/** The parts of the block that begins here, by key or index. */
function partsOf(cursor: Cursor): Map<string, Part> {
  const { column } = cursor;
  const isList = isItem(cursor);
  const isWithin = () => cursor.column > column || (!isList && cursor.column === column && isItem(cursor));
  const parts = new Map<string, Part>();
  do {
    const { at } = cursor;
    const name = isList ? String(parts.size) : takeKey(cursor);
    if (isList) advance(cursor, at + 1);
    const isBelow = isLineOver(cursor);
    if (isBelow) endLine(cursor);
    const hasBlock = isBelow ? isWithin() : isItem(cursor) || isKey(cursor);
    // An item begins where its value does.
    const place = isList && (hasBlock || !isBelow) ? cursor.at : at;
    parts.set(name, hasBlock ? { place, block: { ...cursor } } : { place });
    if (!isBelow) toNextLine(cursor);
    while (isWithin()) toNextLine(cursor);
  } while (cursor.column === column && isItem(cursor) === isList);
  return parts;
}

function toNextLine(cursor: Cursor): void {
  cursor.at = behindLine(cursor.text, cursor.at);
  toContent(cursor);
}
