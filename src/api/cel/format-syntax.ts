/** What stands for one argument: `%d`, `%.3f`. */
export type Clause = { letter: string; precision: number };

/** More digits than a number has. */
const precisionMax = 100;

/** A text to write values into, as its texts and clauses in turn. Throws an Error, as upstream words it. */
export function readFormat(text: string): (string | Clause)[] {
  const parts: (string | Clause)[] = [];
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf('%', at);
    if (next < 0) return [...parts, text.slice(at)];
    if (next > at) parts.push(text.slice(at, next));
    if (text[next + 1] === '%') parts.push('%');
    else parts.push(readClause(text, next + 1));
    at = next + 1;
    while (text[at] !== undefined && /[.\d]/.test(text[at]!)) at++;
    at++;
  }
  return parts;
}

function readClause(text: string, at: number): Clause {
  const [, digits, letter] = /^(?:\.(\d*))?(.?)/su.exec(text.slice(at))!;
  if (letter === '') throw new Error('unexpected end of string');
  if (!'sdfebxXo'.includes(letter!))
    throw new Error(`could not parse formatting clause: unrecognized formatting clause "${letter}"`);
  const precision = digits === undefined || digits === '' ? 6 : Number(digits);
  if (precision > precisionMax) throw new Error(`a number may have ${precisionMax} digits behind the point`);
  return { letter: letter!, precision };
}

/** What a clause can write, in upstream's words, and the types of that. */
const kinds: Record<string, { text: string; types: string[] }> = {
  d: { text: 'decimal clause can only be used on integers', types: ['int', 'uint'] },
  f: { text: 'fixed-point clause can only be used on doubles', types: ['double'] },
  e: { text: 'scientific clause can only be used on doubles', types: ['double'] },
  b: { text: 'only integers and bools can be formatted as binary', types: ['int', 'uint', 'bool'] },
  x: {
    text: 'only integers, byte buffers, and strings can be formatted as hex',
    types: ['int', 'uint', 'string', 'bytes'],
  },
  o: { text: 'octal clause can only be used on integers', types: ['int', 'uint'] },
  s: {
    text: 'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
    types: [
      ...['list', 'map', 'int', 'uint', 'double', 'bool', 'string', 'bytes', 'type', 'null'],
      ...['timestamp', 'duration', 'google.protobuf.Timestamp', 'google.protobuf.Duration', 'null_type'],
    ],
  },
};

/** Why a value of this type cannot be written so; undefined when it can. */
export function wrongType({ letter }: Clause, type: string): string | undefined {
  const { text, types } = kinds[letter.toLowerCase()]!;
  // the words for what no number is
  const isWord = 'fe'.includes(letter) && type === 'string';
  return types.includes(type) || isWord ? undefined : `error during formatting: ${text}, was given ${type}`;
}
