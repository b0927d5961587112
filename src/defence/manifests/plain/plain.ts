import { advance, type Cursor, endLine, isItem, isLineOver, NotPlain, toContent } from './cursor.ts';
import { addField, isKey, takeKey } from './key.ts';
import { readValue } from './value.ts';

/**
 * Most manifests use a small part of YAML: keys and dashes in columns, values of one line, texts under a bar. That part is
 * read here, line by line, in a twentieth of the time that the thorough reader (thorough.ts) takes; a test holds both
 * against each other. What is wrong, or could be read in two ways, is left to that one.
 */
export type Plain = {
  /** null for a document of remarks only. */
  value: Record<string, unknown> | null;
  /** Where the first key stands. */
  begin: number;
};

/** Tabs, other ends of lines, marks of the byte order and control characters. */
const unusual = /[^\n -~\u00a0-\u2027\u202a-\ufefe\uff00-\uffff]/;
/** Deeper ones, long before any bound, are for the thorough reader to judge. */
const depthMax = 50;

/** Reads one document; undefined where the thorough reader must decide, also about errors. */
export function readPlain(text: string): Plain | undefined {
  if (unusual.test(text)) return undefined;
  const cursor = { text, at: 0, column: 0 };
  try {
    toFirstKey(cursor);
    if (cursor.column === -1) return { value: null, begin: 0 };
    const begin = cursor.at;
    const value = readMap(cursor, 0);
    return cursor.column === -1 ? { value, begin } : undefined;
  } catch (error) {
    // The stack of a pattern ends at texts of many megabytes on one line.
    if (error instanceof NotPlain || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** To where the map of a document begins, past the line of dashes before it. */
export function toFirstKey(cursor: Cursor): void {
  toContent(cursor);
  if (cursor.column !== 0 || !cursor.text.startsWith('---', cursor.at)) return;
  cursor.at += 3;
  endLine(cursor);
}

/** The list or the map of which the first part begins here; the others stand in the same column. */
function readBlock(cursor: Cursor, depth: number): unknown {
  if (depth > depthMax) throw new NotPlain();
  return isItem(cursor) ? readList(cursor, depth) : readMap(cursor, depth);
}

function readMap(cursor: Cursor, depth: number): Record<string, unknown> {
  const { column } = cursor;
  const map: Record<string, unknown> = {};
  do {
    const key = takeKey(cursor);
    if (!isLineOver(cursor)) addField(map, key, readValue(cursor, column));
    else {
      endLine(cursor);
      // The items of a list may stand in the column of its key.
      const isBelow = cursor.column > column || (cursor.column === column && isItem(cursor));
      addField(map, key, isBelow ? readBlock(cursor, depth + 1) : null);
    }
  } while (cursor.column === column);
  if (cursor.column > column) throw new NotPlain();
  return map;
}

function readList(cursor: Cursor, depth: number): unknown[] {
  const { column } = cursor;
  const list: unknown[] = [];
  do {
    advance(cursor, cursor.at + 1);
    if (isLineOver(cursor)) {
      endLine(cursor);
      list.push(cursor.column > column ? readBlock(cursor, depth + 1) : null);
    } else list.push(isItem(cursor) || isKey(cursor) ? readBlock(cursor, depth + 1) : readValue(cursor, column));
  } while (cursor.column === column && isItem(cursor));
  if (cursor.column > column) throw new NotPlain();
  return list;
}
