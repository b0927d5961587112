import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBudget } from './budget.ts';
import { compileExpression } from './expression.ts';
import { ExpressionError } from './expression-error.ts';
import { expressionCostMax, expressionDepthMax, expressionLengthMax, patternLengthMax } from './limits.ts';
import { evaluate, scope } from './testing/evaluate.ts';
import { celValue } from './values.ts';

const big = celValue(Array.from({ length: 10_000 }, (_, index) => `item-${index}`));
const tooExpensive =
  /^error: operation cancelled: actual cost limit exceeded: it costs more than the 1000000 units allowed$/;

test('a list of ten thousand is walked, mapped and filtered', () => {
  assert.equal(evaluate('big.map(x, x + "!").exists(x, x == "item-9999!")', { big }), true);
  assert.equal(evaluate('big.filter(x, x.matches("9$")).map(x, x).size()', { big }), 1000n);
});

const expensive = [
  'big.all(x, big.all(y, big.all(z, true)))',
  'big.all(x, big.all(y, false) || true)',
  'big.all(x, x in big)',
  'big.all(x, big == big) || true',
  'big.map(x, big.join()).size() > 0',
  'big.map(x, big).join()',
  'big.join().replace("i", big.join())',
  'sets.contains(big, big)',
  'big.all(x, big.all(y, bytes(big.join()).size() > 0))',
  'big.all(x, big.join().lastIndexOf(big.join() + x) < 0)',
  "big.all(x, big.all(y, timestamp('2023-01-01T00:00:00Z').getHours('Europe/Paris') == 1))",
];
for (const source of expensive)
  test(`too expensive: ${source.slice(0, 60)}`, () => assert.match(String(evaluate(source, { big })), tooExpensive));

test('a pattern that other engines take for ever for is linear', () => {
  const expression = `big.join().matches('${'(x|i|t)*x.{90}'.repeat(10)}$') || big.join().matches('((i*)*t*)*$z')`;
  assert.equal(evaluate(expression, { big }), false);
});

test('a long text that is nearly a number, a duration or a version is told from one at once', () => {
  const digits = '1'.repeat(250_000);
  const of = (source: string, text: string) => evaluate(source, { big: celValue(text) });
  assert.equal(of('double(dyn(big))', `${digits}z`), "error: type conversion error from 'string' to 'double'");
  assert.equal(of('isSemver(big)', `${digits}.0.0`), false);
  assert.equal(of("semver('1.0.0-' + big).isLessThan(semver('1.0.0-2' + big))", digits), true);
  assert.throws(() => evaluate(`duration('${'1'.repeat(10_000)}') > duration('1s')`), /invalid duration argument/);
});

test('text that doubles ends at the budget, long before the memory', () => {
  let text: unknown = 'x'.repeat(1000);
  const doubled = compileExpression('request.name + request.name', scope);
  const budget = createBudget({ costMax: expressionCostMax });
  for (let turn = 0; turn < 60; turn++) {
    const outcome = doubled.evaluate({ 'request.name': text }, { budget });
    if ('error' in outcome) {
      assert.match(`error: ${outcome.error}`, tooExpensive);
      assert.ok((text as string).length < expressionCostMax * 16);
      return;
    }
    text = outcome.value;
  }
  assert.fail('sixty doublings were paid for');
});

test('shared lists are compared as far as can be paid', () => {
  const doubled = compileExpression('[big, big]', scope);
  let list: any = celValue([1]);
  for (let level = 0; level < 60; level++) {
    const outcome = doubled.evaluate({ big: list }, { budget: createBudget({ costMax: 10 }) });
    list = (outcome as { value: unknown }).value;
  }
  assert.match(String(evaluate('big == [big]', { big: list })), tooExpensive);
});

test('an expression, its depth and its patterns have limits', () => {
  const at = (source: string) => compileExpression(source, scope);
  const longest = `true //${'x'.repeat(expressionLengthMax - 7)}`;
  assert.equal(longest.length, expressionLengthMax);
  at(longest);
  assert.throws(() => at(`${longest}x`), /longer than/);
  at(`1${'+1'.repeat(expressionDepthMax)}`);
  assert.throws(() => at(`1${'+1'.repeat(expressionDepthMax + 1)}`), /deeper than/);
  assert.throws(() => at(`${'['.repeat(8_000)}${']'.repeat(8_000)}`), ExpressionError);
  at(`'a'.matches('${'a'.repeat(patternLengthMax)}')`);
  assert.throws(() => at(`'a'.matches('${'a'.repeat(patternLengthMax + 1)}')`), /a pattern may have/);
  at(`'a'.matches('(${'a'.repeat(18)}){1000}')`);
  assert.throws(() => at(`'a'.matches('(${'a'.repeat(19)}){1000}')`), /repeats too much/);
});

test('the time ends an evaluation as well', () => {
  let now = 0;
  const budget = createBudget({ costMax: 1e9, deadlineMs: 5, monotonicMs: () => now++ });
  const outcome = compileExpression('big.all(x, big.all(y, true))', scope).evaluate({ big }, { budget });
  assert.deepEqual(outcome, { error: 'operation cancelled: actual cost limit exceeded: it takes longer than allowed' });
});

test('types that double are not looked at for ever', () => {
  const doubled = `[1]${Array.from({ length: 100 }, (_, turn) => `.map(v${turn}, {v${turn}: v${turn}})`).join('')}`;
  assert.ok(doubled.length < expressionLengthMax);
  compileExpression(`${doubled}.size() == 1`, scope);
  const wide = `[${Array.from({ length: 2_000 }, () => '[1+1]').join()}]`;
  compileExpression(wide, scope);
  const many = `[${Array.from({ length: 500 }, () => '[[]] + [[1]]').join()}] == []`;
  compileExpression(many, scope);
});
