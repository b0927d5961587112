/** Where a reader stands in a text: at a character and its column, counted from 0; -1 at the end of the text. */
export type Cursor = { text: string; at: number; column: number };

/** The text is not of the part of YAML that is read here. */
export class NotPlain extends Error {}

const [newline, space, hash, dash] = [10, 32, 35, 45];

/** From the begin of a line to the first character, of it or of one below it, that is neither space nor remark. */
export function toContent(cursor: Cursor): void {
  const { text } = cursor;
  let lineAt = cursor.at;
  for (;;) {
    const at = behindSpaces(text, lineAt);
    const code = text.charCodeAt(at);
    if (code !== newline && code !== hash) {
      cursor.at = at;
      cursor.column = at < text.length ? at - lineAt : -1;
      return;
    }
    lineAt = behindLine(text, at);
  }
}

/** Past the end of a line on which only a remark may follow, to the next content. */
export function endLine(cursor: Cursor): void {
  if (!isLineOver(cursor)) throw new NotPlain();
  cursor.at = behindLine(cursor.text, cursor.at);
  toContent(cursor);
}

/** Does nothing follow on this line but spaces and a remark? */
export function isLineOver({ text, at }: Cursor): boolean {
  const next = behindSpaces(text, at);
  const code = text.charCodeAt(next);
  return code === newline || next === text.length || (code === hash && text.charCodeAt(next - 1) === space);
}

/** Forward to this place of the same line, and past the spaces there. */
export function advance(cursor: Cursor, to: number): void {
  const at = behindSpaces(cursor.text, to);
  cursor.column += at - cursor.at;
  cursor.at = at;
}

/** Does an item of a list begin here? */
export function isItem({ text, at }: Cursor): boolean {
  if (text.charCodeAt(at) !== dash) return false;
  const next = text.charCodeAt(at + 1);
  return next === space || next === newline || at + 1 === text.length;
}

/** What a sticky pattern finds here; the cursor moves behind it. */
export function take(cursor: Cursor, pattern: RegExp): string {
  const { text, at } = cursor;
  pattern.lastIndex = at;
  if (!pattern.test(text)) throw new NotPlain();
  cursor.at = pattern.lastIndex;
  cursor.column += cursor.at - at;
  return text.slice(at, cursor.at);
}

/** Where the line below begins. */
export function behindLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end + 1;
}

export function behindSpaces(text: string, at: number): number {
  let behind = at;
  while (text.charCodeAt(behind) === space) behind++;
  return behind;
}
