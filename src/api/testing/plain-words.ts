/** Words without quotes and what they mean to kubectl; test/clients holds them against the machine's own. */
const others: [words: string, meaning: unknown][] = [
  [true, 'y Y yes Yes YES true True TRUE on On ON'],
  [false, 'n N no No NO false False FALSE off Off OFF'],
  [null, 'null Null NULL ~'],
  [0, '0 -0 +0 00 0_ 0_0 0b0 0x0 1e-400'],
  [1, '1 +1 1_ +_1 1.0 1.'],
  [3, '0b11 0B11 +0b11 0b1_1'],
  [-3, '-0b11 -3 -_3'],
  [7, '7 07 007 0_7'],
  [8, '8 08'],
  [15, '017 +017 0o17 0O17 +0o17'],
  [-15, '-017 -0o17'],
  [31, '0x1F 0X1f +0x1f 0x_1F 0x1_F 0x1F_ 0_x1F'],
  [89, '089'],
  [292, '0444'],
  [1000, '1000 1_000 1__000 1e3 +1e3 1_0e2 1_e3'],
  [0.001, '1E-3'],
  [0.5, '.5 +.5 .5_0'],
  [5, '5. .5e1'],
  [10.5, '1_0.5'],
  [2 ** 64, '18446744073709551615 0xFFFFFFFFFFFFFFFF'],
  [-(2 ** 63), '-0x8000000000000000 -9223372036854775809'],
  [7.777777777777778e23, '0777777777777777777777777'],
].flatMap(([meaning, words]) => (words as string).split(' ').map((word): [string, unknown] => [word, meaning]));

/** Texts that look like something else. */
const texts = [
  ...['yEs', 'oN', 'tRue', 'nULL', 'y_', '0b', '0b12', '0x', '0xg', '0o', '0o8', '0x1p4', '_1', '1e', '1e400', '.e1'],
  ...['.', '+.', '.5__0', '._5', '.iNf', '.Nan', 'NaN', 'inf', '.infinity', '12:30', '190:20:30', '1.2.3', '1,000'],
  ...['2026-01-01', '2026-01-01T00:00:00Z', '10.0.0.0/16', '100m', '1.5Gi', '-0x8000000000000001'],
  ...['+0x8000000000000000', '0x10000000000000000'],
];

export const plainWords: [words: string, meaning: unknown][] = [
  ...others,
  ...texts.map((text): [string, string] => [text, text]),
];
