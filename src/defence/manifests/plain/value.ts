import { advance, behindSpaces, type Cursor, endLine, NotPlain, take } from './cursor.ts';
import { addField, takeKey } from './key.ts';
import { readText } from './text.ts';
import { meaningOf } from './word.ts';

/** The value that begins here, of a key or an item in this column, up to the next content. */
export function readValue(cursor: Cursor, column: number): unknown {
  const first = cursor.text[cursor.at]!;
  if (first === '|' || first === '>') return readText(cursor, column);
  if (!'"\'[{'.includes(first)) return readWords(cursor, column);
  const value = readEnclosed(cursor, 0);
  endLine(cursor);
  return value;
}

const bracketsDeepMax = 20;
/** Within brackets: of characters that mean nothing there. */
const bracketedWords = /[\w./][\w ./+=-]*/y;
const doubleQuoted = /"(?:[^"\\\n]|\\["\\nrt])*"/y;
const singleQuoted = /'(?:[^'\n]|'')*'/y;

/** What is in quotes or brackets that end on the same line, or stands within brackets. */
function readEnclosed(cursor: Cursor, depth: number): unknown {
  if (depth > bracketsDeepMax) throw new NotPlain();
  switch (cursor.text[cursor.at]) {
    case '"': {
      const quoted = take(cursor, doubleQuoted);
      return quoted.includes('\\') ? JSON.parse(quoted) : quoted.slice(1, -1);
    }
    case "'":
      return take(cursor, singleQuoted).slice(1, -1).replaceAll("''", "'");
    case '[': {
      const list: unknown[] = [];
      readParts(cursor, ']', () => list.push(readEnclosed(cursor, depth + 1)));
      return list;
    }
    case '{': {
      const map: Record<string, unknown> = {};
      readParts(cursor, '}', () => addField(map, takeKey(cursor), readEnclosed(cursor, depth + 1)));
      return map;
    }
    default:
      return meaningOf(take(cursor, bracketedWords).trimEnd());
  }
}

/** What commas part, up to the bracket that closes. A comma may stand behind the last part, too. */
function readParts(cursor: Cursor, close: string, readPart: () => void): void {
  const { text } = cursor;
  advance(cursor, cursor.at + 1);
  while (text[cursor.at] !== close) {
    readPart();
    advance(cursor, cursor.at);
    if (text[cursor.at] === ',') advance(cursor, cursor.at + 1);
    else if (text[cursor.at] !== close) throw new NotPlain();
  }
  cursor.at++;
}

/** What begins so is no word, or means something else. */
const reserved = /[\]},#&*!%@`?:]|-(?:[ \n]|$)|<</y;
/** Up to the end of the line, or to spaces with a remark behind them. */
const lineOfWords = /[^\n:# ]+(?:(?: +(?![#\n ]|$)|:(?![\n ]|$)|#)[^\n:# ]*)*/y;

/** Words without quotes, which may go on in the lines below where these stand deeper. */
function readWords(cursor: Cursor, column: number): unknown {
  const { text } = cursor;
  reserved.lastIndex = cursor.at;
  if (reserved.test(text)) throw new NotPlain();
  let words = take(cursor, lineOfWords);
  let end = cursor.at;
  endLine(cursor);
  if (cursor.column <= column) return meaningOf(words);
  do {
    // Remarks and empty lines between them mean something.
    if (cursor.at - cursor.column !== behindSpaces(text, end) + 1) throw new NotPlain();
    words += ` ${take(cursor, lineOfWords)}`;
    end = cursor.at;
    endLine(cursor);
  } while (cursor.column > column);
  return words;
}
