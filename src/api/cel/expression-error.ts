import { errorLengthMax, mistakesLengthMax } from './limits.ts';

/** What is wrong at a character of an expression. */
type Mistake = { offset: number; message: string };

/** An expression that cannot be used; the message shows every mistake in its place, as upstream's compiler does. */
export class ExpressionError extends Error {
  constructor(source: string, mistakes: Mistake[]) {
    super(messageOf(source, mistakes));
  }
}

function messageOf(source: string, mistakes: Mistake[]): string {
  const sorted = mistakes.toSorted((one, other) => one.offset - other.offset);
  const texts: string[] = [];
  let length = 0;
  for (const [index, mistake] of sorted.entries()) {
    const text = shown(source, mistake);
    length += text.length;
    if (index > 0 && length > mistakesLengthMax)
      return [...texts, `${sorted.length - index} more errors were truncated`].join('\n');
    texts.push(text);
  }
  return texts.join('\n');
}

/** `ERROR: <input>:1:8: …` with the line below it, and below that where in it. */
function shown(source: string, { offset, message }: Mistake): string {
  const before = source.slice(0, offset).split('\n');
  const line = source.split('\n')[before.length - 1]!.replaceAll('\t', ' ');
  const skipped = [...before.at(-1)!];
  const at = [...line][skipped.length] ?? '';
  const pointer = skipped.map((character) => (isWide(character) ? '．' : '.')).join('') + (isWide(at) ? '＾' : '^');
  const place = `ERROR: <input>:${before.length}:${skipped.length + 1}: ${message}`;
  return line.length > errorLengthMax ? place : `${place}\n | ${line}\n | ${pointer}`;
}

/** Upstream counts whatever takes more than one byte. */
const isWide = (character: string): boolean => Buffer.byteLength(character) > 1;
