import { behindSpaces, type Cursor, NotPlain, take, toContent } from './cursor.ts';

const bar = /[|>]-? *\n/y;

/** A text under a bar: as it stands (`|`), or its lines made one (`>`) where none is empty or stands deeper. */
export function readText(cursor: Cursor, column: number): string {
  const { text } = cursor;
  const head = take(cursor, bar);
  const depth = behindSpaces(text, cursor.at) - cursor.at;
  if (depth <= column) throw new NotPlain();
  const lines = takeLines(cursor, ' '.repeat(depth));
  toContent(cursor);
  if (head[0] === '>' && lines.some((line) => line === '' || line[0] === ' ')) throw new NotPlain();
  return `${lines.join(head[0] === '>' ? ' ' : '\n')}${head[1] === '-' ? '' : '\n'}`;
}

/** The lines behind this margin, without the empty ones at the end. */
function takeLines(cursor: Cursor, margin: string): string[] {
  const { text } = cursor;
  const lines: string[] = [];
  while (cursor.at < text.length) {
    const end = text.indexOf('\n', cursor.at);
    // Whether a text ends with its last line, and what lines of spaces are, is for the thorough reader to say.
    if (end === -1 || (end > cursor.at && behindSpaces(text, cursor.at) === end)) throw new NotPlain();
    if (end === cursor.at) lines.push('');
    else if (text.startsWith(margin, cursor.at)) lines.push(text.slice(cursor.at + margin.length, end));
    else break;
    cursor.at = end + 1;
  }
  while (lines.at(-1) === '') lines.pop();
  return lines;
}
