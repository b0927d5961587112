import { advance, type Cursor, NotPlain, take } from './cursor.ts';
import { meaningOf } from './word.ts';

const key = /(?:[\w./][\w./-]*|"[^"\\\n]*"|'[^'\n]*')(?=:(?: |\n|$))/y;

/** Does the key of a field begin here? */
export function isKey({ text, at }: Cursor): boolean {
  key.lastIndex = at;
  return key.test(text);
}

/** The key that begins here; the cursor moves behind its colon. */
export function takeKey(cursor: Cursor): string {
  const written = take(cursor, key);
  advance(cursor, cursor.at + 1);
  return written[0] === '"' || written[0] === "'" ? written.slice(1, -1) : String(meaningOf(written));
}

/** A key that is there already is an error, for the thorough reader to tell. */
export function addField(map: Record<string, unknown>, key: string, value: unknown): void {
  if (Object.hasOwn(map, key) || key === '__proto__') throw new NotPlain();
  map[key] = value;
}
