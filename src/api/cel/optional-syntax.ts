export type Masked = {
  text: string /** Offsets of the dots and brackets that a `?` followed. */;
  optionals: Set<number>;
};

const quotes = /(?:[rR][bB]?|[bB][rR]?)?("""|'''|"|')/y;

/**
 * The library's parser knows no `a.?b` and no `a[?b]`. They are given to it as `a._b` and `a[ b]`, which keeps every
 * column, together with where they were. Texts and comments stay as they are.
 */
export function maskOptionals(source: string): Masked {
  const optionals = new Set<number>();
  let text = '';
  let at = 0;
  while (at < source.length) {
    const skipped = lengthOfOpaque(source, at);
    const pair = source.slice(at, at + 2);
    if (skipped > 0) {
      text += source.slice(at, at + skipped);
      at += skipped;
    } else if (pair === '.?' || pair === '[?') {
      optionals.add(at);
      text += pair === '.?' ? '._' : '[ ';
      at += 2;
    } else text += source[at++];
  }
  return { text, optionals };
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
