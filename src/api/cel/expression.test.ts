import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBudget } from './budget.ts';
import { compileExpression } from './expression.ts';
import { ExpressionError } from './expression-error.ts';
import { expressionCostMax, expressionDepthMax, expressionLengthMax, patternLengthMax } from './limits.ts';
import type { Scope } from './types/check.ts';
import { knownFunctions } from './types/functions.ts';
import { dyn, objectType, string } from './types/type.ts';
import { celValue } from './values.ts';

const object = {
  metadata: { name: 'web', labels: { app: 'web' }, annotations: {} },
  spec: {
    replicas: 5,
    ratio: 2,
    list: ['a', 'b'],
    numbers: [3, 1, 2],
    memory: '1Gi',
    containers: [{ image: 'r/x:1' }],
  },
};
const schema = { properties: { spec: { properties: { ratio: { type: 'number' as const } } } } };
const variables = new Map([
  ...['object', 'big'].map((name) => [name, dyn] as const),
  ['request', objectType('Request', { name: string })] as const,
]);
const scope: Scope = { variables, functions: knownFunctions() };

/** The value, or `error: …`; lists as arrays. */
function evaluate(source: string, more: object = {}, costMax = expressionCostMax): unknown {
  const bindings = { object: celValue(object, schema), 'request.name': 'web', ...more };
  const outcome = compileExpression(source, scope).evaluate(bindings, { budget: createBudget({ costMax }) });
  if ('error' in outcome) return `error: ${outcome.error}`;
  const { value } = outcome;
  return typeof value === 'object' && value !== null && Symbol.iterator in value ? [...(value as any)] : value;
}

const values: [string, unknown][] = [
  ['object.spec.replicas <= 5', true],
  ['object.spec.replicas / 2', 2n],
  ['object.spec.ratio / 4.0', 0.5],
  ['has(object.spec.replicas) && !has(object.spec.paused)', true],
  ['object.metadata.labels["app"] == request.name', true],
  ["'app' in object.metadata.labels && !('x' in object.metadata.labels)", true],
  ['object.spec.paused', 'error: no such key: paused'],
  ['object.spec.list[2]', 'error: index out of bounds: 2'],
  ['object.spec.paused || true', true],
  ['1 / 0', 'error: division by zero'],
  ["dyn('a') + 1", 'error: no such overload'],
  ['object.spec.containers.all(c, c.image.startsWith("r/"))', true],
  ['object.spec.numbers.map(n, n > 1, n * 2)', [6n, 4n]],
  ['object.spec.numbers.filter(n, n > 1)', [3n, 2n]],
  ['object.spec.numbers.map(n, [n].map(m, m + n))[0]', [6n]],
  ['object.spec.numbers.exists_one(n, n == 2)', true],
  ['[1, 2] + [3]', [1n, 2n, 3n]],
  ["object.spec.list.join(',') + '%s=%d'.format([dyn('x'), 1])", 'a,bx=1'],
  ["'a-b'.split('-').size() == 2 && 'aaa'.replace('a', 'b', 2) == 'bba' && 'A'.lowerAscii() == 'a'", true],
  ["'web-1'.matches('^[a-z]+-[0-9]+$')", true],
  ['\'it is\' != "x" // a comment with .? in it', true],
  ["'abc 123 de 45'.find('[0-9]+') + 'x'.find('y') + 'foobar'.find('foo|foobar')", '123foo'],
  ["'123 abc 456'.findAll('[0-9]*')", ['123', '', '', '', '', '456']],
  ["'abc'.findAll('.', 2)", ['a', 'b']],
  // lists and sets
  ['object.spec.numbers.sum() == 6 && object.spec.numbers.min() == 1 && object.spec.numbers.max() == 3', true],
  ['object.spec.numbers.isSorted() || [dyn(1), dyn(1.5), dyn(2)].isSorted()', true],
  ['object.spec.list.indexOf("b") == 1 && object.spec.list.lastIndexOf("z") == -1', true],
  ['[].min()', 'error: min called on empty list'],
  ["[dyn(1), dyn('a')].isSorted()", 'error: no such overload: the items of the list have no order'],
  ['sets.contains([1, 2], [1]) && sets.intersects([1], [1, 2]) && sets.equivalent([1, 1], [1])', true],
  // quantities, exact
  ["quantity(object.spec.memory).isGreaterThan(quantity('1000Mi')) && quantity('1Gi') == quantity('1024Mi')", true],
  ["quantity('50k').add(quantity('20')).sub(1).asInteger()", 50019n],
  ["isQuantity('1.5Mi') && !isQuantity('1,5Mi') && quantity('0.1').compareTo(quantity('100m')) == 0", true],
  ["quantity('100m').asInteger()", 'error: cannot convert value to integer'],
  ["quantity('x')", 'error: "x" is not a quantity'],
  // URLs
  ["url('https://u@example.com:80/a%20b?c=d&c=e').getHost()", 'example.com:80'],
  ["url('https://[::1]:80/').getHostname()", '::1'],
  ["url('/path?c=d').getEscapedPath() + url('https://x/?c=d').getQuery()['c'][0]", '/pathd'],
  [
    "isURL('../x') || isURL('https://a b/') || isURL('https://x:port/') || !isURL('mailto:a@b') || !isURL('/a b')",
    false,
  ],
  // addresses
  ["ip('2001:db8::1').family() == 6 && ip.isCanonical('10.0.0.1') && !isIP('010.0.0.1')", true],
  ["ip('127.0.0.1').isLoopback() && ip('fe80::1').isLinkLocalUnicast() && ip('8.8.8.8').isGlobalUnicast()", true],
  ["cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsCIDR('0.0.0.0/0')", true],
  ["cidr('192.168.1.77/20').masked() == cidr('192.168.0.0/20')", true],
  ["string(cidr('2001:db8::1/33').masked())", '2001:db8::/33'],
  ["isCIDR('10.0.0.0/33') || isCIDR('10.0.0.0')", false],
  // optionals
  ['object.?spec.?replicas.orValue(1)', 5n],
  ['object.spec.?paused.orValue(false)', false],
  ['object.?status.conditions[0].type.orValue("none")', 'none'],
  ['object.metadata.labels[?"app"].hasValue() && !object.spec.list[?7].hasValue()', true],
  ['has(object.?status.phase)', false],
  ['object.spec.?replicas.optMap(r, r * 2).orValue(0)', 10n],
  ['optional.none().or(optional.of(1)).value()', 1n],
  ['optional.none().value()', 'error: optional.none() dereference'],
  ['dyn([1]).orValue(2)', 'error: no such overload: the value is not an optional'],
  ['[dyn(1), ?object.spec.?paused, ?object.spec.?replicas]', [1n, 5n]],
  ["{'a': dyn(1), ?'b': object.spec.?paused, ?'c': object.spec.?replicas} == {'a': 1, 'c': 5}", true],
  ['[[1], [2, 3]].first().value() == [1] && [].last() == optional.none()', true],
  ['optional.unwrap([optional.of(1), optional.none()]) + [optional.of(2)].unwrapOpt()', [1n, 2n]],
  // two variables
  ['[3, 4].all(i, v, v == i + 3) && object.metadata.labels.all(k, v, k == v || v == "web")', true],
  ['object.metadata.labels.exists(k, v, k == "app" && v == "web") && ![1].exists(i, v, i == v)', true],
  ['[1, 1, 2].existsOne(i, v, v == 1)', false],
  ['object.spec.numbers.transformList(i, v, i * 10 + v)', [3n, 11n, 22n]],
  ['object.spec.numbers.transformList(i, v, i > 0, v)', [1n, 2n]],
  ["['a', 'b'].transformMap(i, v, i > 0, v) == {1: 'b'}", true],
  ["{'a': 'b'}.transformMapEntry(k, v, {v: k}) == {'b': 'a'}", true],
  ["{'a': 'x', 'b': 'x'}.transformMapEntry(k, v, {v: k})", 'error: insert failed: key x already exists'],
  // a name that a macro makes hides what is called the same around it
  ['[1].all(object, object == 1) && [2].exists(request, big, big == 2 && request == 0)', true],
  ['[[1]].all(x, x.exists(x, x == 1)) && [["a"]].all(x, x.all(i, x, x == "a"))', true],
  // collections
  ['[1, 2, 3, 4].slice(1, 3) + [[5], [6]].flatten() + lists.range(2)', [2n, 3n, 5n, 6n, 0n, 1n]],
  ['[1, 2].slice(1, 3)', 'error: cannot slice(1, 3), list is length 2'],
  ["object.spec.numbers.sort() == [1, 2, 3] && ['b', 'a'].sort().reverse() == ['b', 'a']", true],
  ["[{'n': 2}, {'n': 1}].sortBy(x, x.n)[0].n", 1n],
  ['[dyn(1), dyn(2), dyn(1.0)].distinct().size()', 2n],
  // versions
  ["semver('1.2.3-rc.1').isLessThan(semver('1.2.3')) && semver('1.0.0+a') == semver('1.0.0+b')", true],
  ["semver('v01.2', true).compareTo(semver('1.2.0')) == 0 && !isSemver('v1.0.0') && isSemver('v1', true)", true],
  ["semver('1.10.0').minor() + semver('2.0.0').major()", 12n],
  ["semver('one')", 'error: "one" is not a semantic version'],
  // formats
  ["format.dns1123Label().validate('web').hasValue()", false],
  ["format.named('dns1035Label').value().validate('1a').value().size()", 1n],
  ["format.named('nothing').hasValue() || format.uuid().validate('x').hasValue() == false", false],
  ["format.date().validate('2024-02-30') == optional.of(['invalid date'])", true],
  // texts, numbers and their forms, as Go has them
  ["'hello'.indexOf('l', 9) + 'hello'.lastIndexOf('l', 9) + 'a🎈b'.indexOf('b')", 0n],
  ["'hello'.indexOf('l', -1)", 'error: index out of range: -1'],
  ["'a,b,c'.split(',', 2) == ['a', 'b,c'] && 'ab'.replace('', '-') == '-a-b-' && 'a🎈b'.substring(1, 2) == '🎈'", true],
  ['string(1234567.0) + string(0.1) + string(1e-7)', '1.234567e+060.11e-07'],
  ["double('x')", "error: type conversion error from 'string' to 'double'"],
  ["int('0x10')", "error: type conversion error from 'string' to 'int'"],
  ["'%s %d %.1f %x'.format([{'a': [1.5, 'b']}, 1, 2.25, 'A'])", '{"a":[1.500000, "b"]} 1 2.3 41'],
  [
    "dyn('%d').format([object.spec.list])",
    'error: error during formatting: decimal clause can only be used on integers, was given list',
  ],
  ['[1u, 2u].sum() == 3u && [duration("1h"), duration("1m")].sum() == duration("61m")', true],
  ["{dyn('web'): 1, object.metadata.name: 2}.web", 2n],
  ['object.spec.list[true]', "error: unsupported index type 'bool' in list"],
  // times
  ["string(timestamp('2020-01-01T00:00:00.5Z')) + string(duration('-1.5h'))", '2020-01-01T00:00:00.5Z-5400s'],
  ["timestamp('2021-03-28T01:30:00Z').getHours('Europe/Berlin') + timestamp('2021-03-28T02:30:00Z').getHours()", 5n],
  ["timestamp('2021-03-28T00:00:00Z').getHours('Nowhere/X')", 'error: unknown time zone Nowhere/X'],
  ["duration('1.5s').getMilliseconds()", 1500n],
  ["timestamp('2023-01-01T00:00:00Z') - duration('1h') < timestamp('2023-01-01T00:00:00Z')", true],
];
for (const [source, expected] of values) test(source, () => assert.deepEqual(evaluate(source), expected));

const refused: [string, string][] = [
  [
    'object.spec.replicas <= obj',
    "ERROR: <input>:1:25: undeclared reference to 'obj' (in container '')\n | object.spec.replicas <= obj\n | ........................^",
  ],
  [
    'true &&\n  nothing(1)',
    "ERROR: <input>:2:10: undeclared reference to 'nothing' (in container '')\n |   nothing(1)\n | .........^",
  ],
  ['request.options', "ERROR: <input>:1:8: undefined field 'options'\n | request.options\n | .......^"],
  [
    "'é' + 1",
    "ERROR: <input>:1:5: found no matching overload for '_+_' applied to '(string, int)'\n | 'é' + 1\n | .．..^",
  ],
];
for (const [source, message] of refused)
  test(`refused: ${source}`, () => assert.throws(() => compileExpression(source, scope), { message }));

const wrong: [string, number, RegExp][] = [
  ['object.spec.replicas <= ', 22, /Syntax error/],
  ["'a'.matches('(')", 13, /invalid matches argument/],
  ["'a'.find('(')", 10, /missing closing/],
  ["'a\\z'", 1, /unknown escape/],
  ['[object, 1]', 10, /expected type 'dyn' but found 'int'/],
  ["[{'n': 1}].sortBy(x, x)", 18, /no matching overload for '@sortByAssociatedKeys'/],
  ["'%d'.format(['a'])", 14, /decimal clause can only be used on integers, was given string/],
  ["'%s %s'.format(['a'])", 15, /index 1 out of range/],
  ['if', 1, /reserved identifier: if/],
  ['99999999999999999999', 1, /invalid int literal/],
  ['object.all(x, 1)', 15, /expected type 'bool' but found 'int'/],
  ['[1].all(x.y, true)', 10, /argument must be a simple name/],
  ['[1].map(x.y, true)', 10, /argument is not an identifier/],
  ['has(object)', 5, /invalid argument to has\(\) macro/],
  ['[1].all(i, i, true)', 12, /duplicate variable name: i/],
  ["true ? 1 : 'a'", 6, /found no matching overload for '_\?_:_' applied to '\(bool, int, string\)'/],
  ["[1, 'a']", 5, /expected type 'int' but found 'string'/],
  ["{'a': 1, 'b': 'c'}", 15, /expected type 'int' but found 'string'/],
  ['1.exists(x, true)', 1, /expression of type 'int' cannot be range of a comprehension/],
  ['request.name.first', 13, /type 'string' does not support field selection/],
  ['[?1]', 3, /expected type 'optional_type\(int\)' but found 'int'/],
  ['[1].orValue(2)', 12, /found no matching overload for 'orValue' applied to 'list\(int\)\.\(int\)'/],
  ['cel.bind(x, 1, x)', 1, /undeclared reference to 'cel'/],
  ['Object{}', 7, /undeclared reference to 'Object'/],
  ["duration('1 hour')", 10, /invalid duration argument/],
];
for (const [source, column, message] of wrong)
  test(`refused: ${source}`, () => {
    assert.throws(
      () => compileExpression(source, scope),
      (error) =>
        error instanceof ExpressionError &&
        error.message.includes(`<input>:1:${column}: `) &&
        message.test(error.message),
    );
  });

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
  const steps = 'l'
    .repeat(40)
    .split('')
    .reduce((list) => `[${list}].map(x, [x, x])[0]`, '[1]').length;
  assert.ok(steps < expressionLengthMax);
  let list: any = celValue([1]);
  for (let level = 0; level < 60; level++) list = celValueOf(list);
  assert.match(String(evaluate('big == [big]', { big: list })), tooExpensive);
});
const celValueOf = (list: unknown) => {
  const made = compileExpression('[big, big]', scope).evaluate(
    { big: list },
    { budget: createBudget({ costMax: 10 }) },
  );
  return (made as { value: unknown }).value;
};

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

test('names of JavaScript are keys like any other', () => {
  const hostile = celValue(JSON.parse('{"__proto__": {"x": 1}, "constructor": {"name": "Object"}, "toString": "t"}'));
  const expression =
    'object.__proto__.x == 1 && object.constructor.name == "Object" && object.toString == "t" && !has(object.valueOf)';
  assert.equal(evaluate(expression, { object: hostile }), true);
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

test('of many mistakes the first are told', () => {
  const source = `[${Array.from({ length: 90 }, (_, index) => `x${index}`).join(', ')}]`;
  assert.throws(
    () => compileExpression(source, scope),
    ({ message }: Error) =>
      message.length < 9_000 && / \d+ more errors were truncated$/.test(message.replaceAll('\n', ' ')),
  );
});
