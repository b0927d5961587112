const spelt = (words: string, value: unknown) => words.split(' ').map((word) => [word, value] as const);
const named = new Map<string, unknown>([
  ...spelt('y Y yes Yes YES true True TRUE on On ON', true),
  ...spelt('n N no No NO false False FALSE off Off OFF', false),
  ...spelt('null Null NULL ~', null),
  ...spelt('.inf .Inf .INF +.inf +.Inf +.INF', Number.POSITIVE_INFINITY),
  ...spelt('-.inf -.Inf -.INF', Number.NEGATIVE_INFINITY),
  ...spelt('.nan .NaN .NAN', Number.NaN),
]);
const nameLengthMax = 5;
const behindDigits = ':'.charCodeAt(0);

/**
 * What words without quotes mean to kubectl, which reads YAML 1.1 as go-yaml does
 * (https://github.com/yaml/go-yaml/blob/v2/resolve.go): `on` and `y` are true, `0444` is 292, `1_000` is 1000, and `1.2.3`
 * and `12:30` are texts. Infinities and NaN, which JSON does not have, are for the caller to refuse.
 */
export function meaningOf(words: string): unknown {
  if (words.length <= nameLengthMax) {
    const value = named.get(words);
    if (value !== undefined) return value;
  }
  // Numbers begin with a digit, a sign or a point: all of them stand before the colon.
  return words.charCodeAt(0) < behindDigits ? numberOf(words) : words;
}

const ofOtherBase = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+)$/;
const decimal = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
/** Behind a point first, an underscore parts digits only; elsewhere it may stand anywhere. */
const pointFirst = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?$/;

function numberOf(words: string): number | string {
  const [first] = words;
  if (first === '.' ? !pointFirst.test(words) : !/^[-+0-9]/.test(words)) return words;
  const digits = words.includes('_') ? words.replaceAll('_', '') : words;
  const [, sign, based] = ofOtherBase.exec(digits) ?? [];
  if (based !== undefined) {
    const value = BigInt(based.replace(/^0(?=[0-7])/, '0o'));
    if (value < (sign === '' ? 2n ** 64n : 2n ** 63n + (sign === '-' ? 1n : 0n)))
      return Number(sign === '-' ? -value : value);
  }
  if (!decimal.test(digits)) return words;
  // Not -0, which JSON would not give back.
  const value = Number(digits) + 0;
  return Number.isFinite(value) ? value : words;
}
