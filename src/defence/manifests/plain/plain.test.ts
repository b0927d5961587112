import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import fc from '../../../../test/property.ts';
import type { FieldPath } from '../../field.ts';
import { readDocuments, split } from '../documents.ts';
import { offsetsOf, readThoroughly } from '../thorough.ts';
import { placesOf } from './places.ts';
import { readPlain } from './plain.ts';

/** Where the quick reader says something, it is what the thorough one says. True: it said something. */
function agrees(text: string): boolean {
  const quick = readPlain(text);
  if (quick === undefined) return false;
  const thorough = readThoroughly(text);
  assert.ok(
    'value' in thorough,
    `only the quick reader reads it: ${JSON.stringify(text)}\n${JSON.stringify(thorough)}`,
  );
  assert.deepEqual(quick.value, thorough.value, JSON.stringify(text));
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length;
  const [placeOf, offsetOf] = [placesOf(text), offsetsOf(text)];
  for (const field of fieldsIn(quick.value))
    assert.equal(lineAt(placeOf(field)), lineAt(offsetOf(field)), `${JSON.stringify(text)} ${field}`);
  assert.equal(quick.begin, thorough.begin, JSON.stringify(text));
  return true;
}

/** Every field of a value, and some that are not there. */
function fieldsIn(value: unknown): FieldPath[] {
  if (typeof value !== 'object' || value === null) return [[], ['x'], [0]];
  const keys: FieldPath = Array.isArray(value) ? [...value.keys(), value.length] : [...Object.keys(value), 'x'];
  const fieldOf = (key: string | number): unknown => (value as Record<string | number, unknown>)[key];
  return [[], ...keys.flatMap((key) => fieldsIn(fieldOf(key)).map((path) => [key, ...path]))];
}

const words = [
  ...['yes', 'On', 'oN', 'y', 'N', 'true', 'TRUE', 'tRue', 'null', '~', 'Null', 'nULL', '', 'no', 'off', 'False'],
  ...[
    '0',
    '-0',
    '+1',
    '0444',
    '-017',
    '089',
    '0o17',
    '0O17',
    '0x1F',
    '0b11',
    '1_000',
    '+_1',
    '.5_0',
    '-0b11',
    '0X1f',
    '+0o17',
    '+.inf',
    '12:30',
    '1e3',
    '1E-3',
    '.5',
    '5.',
  ],
  ...[
    '.inf',
    '-.INF',
    '.nan',
    '1.2.3',
    '2026-01-01',
    '2026-01-01T00:00:00Z',
    '9007199254740993',
    '1e400',
    '<',
    '=',
    '-',
  ],
  ...['a: b', 'a #b', '#a', '- a', 'a:b', ':a', "it's", '"q"', "'q'", 'a\\nb', '100%', '@a', '`a', '{}', '[]', 'ü'],
];

test('every scalar means the same to both readers, plain, quoted, as a value, an item and a key', () => {
  for (const word of words)
    for (const text of [
      ...[`a: ${word}\n`, `a:\n  - ${word}\n`, `- ${word}\n`, `${word}: 1\n`, `a: '${word}'\n`, `a: "${word}"\n`],
      ...[`a: [${word}, 1]\n`, `a: {b: ${word}}\n`, `a: |\n  ${word}\n  x\n`, `a: >-\n  ${word}\n\n  x\n`],
      ...[
        `---\n# c\n\na: ${word} # c\n`,
        `--- # c\na: 1\nb: ${word}`,
        `a: ${word}\na: 1\n`,
        `a:\n- ${word}\nb:\n    c: 1\n`,
      ],
    ])
      agrees(text);
});

test('what is written from random values is read alike', () => {
  const scalar = fc.oneof(
    fc.constantFrom(...words),
    fc.string(),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      scalar,
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.constantFrom(...words), fc.string()), tie('tree'), { maxKeys: 4 }),
    ),
  }));
  const lineWidth = fc.constantFrom(0, 20, 80);
  fc.assert(
    fc.property(tree, lineWidth, (value, lineWidth) => {
      agrees(stringify({ value }, { lineWidth }));
    }),
    { numRuns: 2000, seed: 11 },
  );
});

test('random pieces of YAML in any order are read alike, or left to the thorough reader', () => {
  const piece = fc.constantFrom(
    ...[
      'a',
      'b',
      ': ',
      ':',
      '- ',
      '\n',
      '\n  ',
      '\n    ',
      '  ',
      ' #',
      '"',
      "'",
      '{',
      '}',
      '[',
      ']',
      ', ',
      '|',
      '>',
      '|-',
    ],
    ...['---', '\n---\n', '...', '&x ', '*x', '!!str ', '? ', '<<: ', '%', '\t', '\r\n', ...words.slice(0, 24)],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      for (const { text } of split(pieces.join(''))) agrees(text);
    }),
    { numRuns: 20_000, seed: 12 },
  );
});

test('what is nested deeper than manifests are is left to the thorough reader', () => {
  const keys = (count: number) =>
    `${Array.from({ length: count }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')}${' '.repeat(count)}b: 1\n`;
  assert.ok(agrees(keys(50)));
  assert.equal(readPlain(keys(51)), undefined);
  const brackets = (count: number) => `a: ${'['.repeat(count)}${']'.repeat(count)}\n`;
  assert.ok(agrees(brackets(21)));
  assert.equal(readPlain(brackets(22)), undefined);
});

test('lines longer than a pattern can hold are left to the thorough reader', () => {
  const long = 'b'.repeat(6_000_000);
  for (const [value, meant] of [
    [`"${long}"`, long],
    [`'${long}'`, long],
    [`${'b c '.repeat(4_000_000)}d`, `${'b c '.repeat(4_000_000)}d`],
  ] as const) {
    const { documents } = readDocuments(`a: ${value}\n`);
    assert.ok((documents[0]!.value as { a: string }).a === meant);
  }
});

test('the manifests of the example are of the part that is read quickly', () => {
  const folder = join(import.meta.dirname, '../../../../examples/shop/manifests');
  const texts = globSync('*.yaml', { cwd: folder }).flatMap((file) => split(readFileSync(join(folder, file), 'utf8')));
  const read = texts.filter(({ text }) => agrees(text));
  assert.ok(read.length > 0.8 * texts.length, `${read.length} of ${texts.length}`);
});
