import { NotPlain } from './cursor.ts';

const spelt = (words: string, value: boolean | null) => words.split(' ').map((word) => [word, value] as const);
const named = new Map([
  ...spelt('true True TRUE yes Yes YES on On ON', true),
  ...spelt('false False FALSE no No NO off Off OFF', false),
  ...spelt('null Null NULL ~', null),
]);
const nameLengthMax = 5;
const behindDigits = ':'.charCodeAt(0);

/** What words without quotes mean to kubectl: `on` is true, `0444` is 292, and `1.2.3` a text. */
export function meaningOf(words: string): unknown {
  if (words.length <= nameLengthMax) {
    const value = named.get(words);
    if (value !== undefined) return value;
  }
  // Numbers begin with a digit, a sign or a point: all of them stand before the colon.
  return words.charCodeAt(0) < behindDigits ? numberOf(words) : words;
}

function numberOf(words: string): number | string {
  if (/^[-+]?0[0-7]+$/.test(words)) return Number.parseInt(words, 8);
  if (/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(words)) return Number(words);
  if (/^0o[0-7]+$|^0x[0-9a-fA-F]+$/.test(words)) return Number(words);
  if (/^[-+]?\.(?:inf|nan)$/i.test(words)) throw new NotPlain();
  return words;
}
