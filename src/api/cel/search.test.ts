import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../../test/property.ts';
import { library } from './library.ts';
import { instructionsOf, patternOf } from './patterns.ts';
import { search } from './search.ts';

const free = () => undefined;
const piece = fc.constantFrom(
  'a',
  'b',
  '[ab]',
  '.',
  'a*',
  'b+',
  'a?',
  '(a|b)',
  '(ab|a)',
  '(b{1,2}|ab)*',
  '^',
  '$',
  '\\b',
  'é',
  '😀',
);
const pattern = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''));
const text = fc
  .array(fc.constantFrom('a', 'b', 'c', ' ', '\n', 'é', '😀'), { maxLength: 12 })
  .map((parts) => parts.join(''));

test('it answers as the library, and finds what a backtracking matcher finds', () => {
  fc.assert(
    fc.property(pattern, text, (source, subject) => {
      const found = search(patternOf(source), subject, free);
      assert.equal(found !== undefined, library.regex.compile(source).test(subject));
      assert.equal(search(patternOf(source), subject, free, { any: true }) !== undefined, found !== undefined);
      // JavaScript's word characters and lines differ, and its loops give up on empty turns
      if (/\\b|[$^]|\)\*/.test(source)) return;
      const expected = new RegExp(source, 'u').exec(subject);
      assert.equal(found && subject.slice(found.begin, found.end), expected?.[0]);
      assert.equal(found?.begin, expected?.index);
    }),
    { numRuns: 2_000, seed: 11 },
  );
});

test('every step is paid for', () => {
  let units = 0;
  const subject = 'ab'.repeat(5_000);
  search(patternOf('(a|b)*a(a|b){400}[^ab]'), subject, (more) => {
    units += more;
  });
  assert.ok(units > subject.length * 10, `${units}`);
});

test('how large a pattern will be is known before it is compiled', () => {
  const patterns = [
    '(ab{3}){10}',
    '(a{10}){100}',
    '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?',
    '\\d{3,}|x',
    '(\\pL[[:alpha:]\\]]){50}',
    '(((a?){9})*){9}',
  ];
  for (const each of patterns) {
    const real = library.regex.compile(each).re2().prog.numInst();
    const estimate = instructionsOf(each);
    assert.ok(estimate * 3 >= real && estimate <= real * 3, `${each}: ${estimate} for ${real}`);
  }
});
