/** For the offset of a dot or an opening bracket: the positions of what a `?` stood before inside it. */
type OptionalParts = ReadonlyMap<number, ReadonlySet<number>>;
type Masked = {
  text: string;
  optionals: OptionalParts;
  /** Where a text begins that has an escape there is none of: the library reads it as if it were not one. */
  wrongEscape: number | undefined;
};

const quotes = /(?:[rR][bB]?|[bB][rR]?)?("""|'''|"|')/y;
const escapes = /\\(?:[abfnrtv\\?"'`]|[xX][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-3][0-7]{2})/g;
const opening = '([{';
const closing = ')]}';

/**
 * The library's parser knows no `a.?b`, `a[?b]`, `[?a]` and `{?a: b}`. It is given them without the question mark, at
 * the same columns, together with where they were. Texts and comments stay as they are.
 */
export function maskOptionals(source: string): Masked {
  const optionals = new Map<number, Set<number>>();
  const brackets: { offset: number; isMarked: boolean; commas: number }[] = [];
  let text = '';
  let wrongEscape: number | undefined;
  /** The last character that is neither space nor comment, and where. */
  let last = { character: '', offset: 0 };
  for (let at = 0; at < source.length; ) {
    const skipped = lengthOfOpaque(source, at);
    if (skipped > 0) {
      const opaque = source.slice(at, at + skipped);
      if (hasWrongEscape(opaque)) wrongEscape ??= at;
      text += opaque;
      if (source[at] !== '/') last = { character: 'text', offset: at };
      at += skipped;
      continue;
    }
    const character = source[at]!;
    const around = brackets.at(-1);
    const isPart = around?.isMarked === true && (last.offset === around.offset || last.character === ',');
    const isMark = character === '?' && last.character !== '' && (last.character === '.' || isPart);
    if (isMark)
      mark(
        optionals,
        last.character === '.' ? last.offset : around!.offset,
        last.character === '.' ? 0 : around!.commas,
      );
    if (opening.includes(character)) brackets.push({ offset: at, isMarked: character !== '(', commas: 0 });
    else if (closing.includes(character)) brackets.pop();
    else if (character === ',' && around !== undefined) around.commas++;
    if (!/\s/.test(character)) last = { character, offset: at };
    text += isMark ? ' ' : character;
    at++;
  }
  return { text, optionals, wrongEscape };
}

const hasWrongEscape = (opaque: string): boolean =>
  !/^(?:\/\/|[bB]?[rR])/.test(opaque) && opaque.replace(escapes, '').includes('\\');

function mark(optionals: Map<number, Set<number>>, offset: number, position: number): void {
  optionals.set(offset, (optionals.get(offset) ?? new Set()).add(position));
}
/** The length of the text or comment that begins here; 0 when none does. */
function lengthOfOpaque(source: string, at: number): number {
  if (source.startsWith('//', at)) {
    const end = source.indexOf('\n', at);
    return (end < 0 ? source.length : end) - at;
  }
  // a letter in the middle of a word begins no text
  if (at > 0 && /\w/.test(source[at - 1]!) && /\w/.test(source[at]!)) return 0;
  quotes.lastIndex = at;
  const opened = quotes.exec(source);
  if (opened === null) return 0;
  const quote = opened[1]!;
  const isRaw = /r/i.test(opened[0].slice(0, -quote.length));
  let end = at + opened[0].length;
  while (end < source.length && !source.startsWith(quote, end)) end += source[end] === '\\' && !isRaw ? 2 : 1;
  return Math.min(source.length, end + quote.length) - at;
}
