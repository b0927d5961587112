import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileExpression } from './expression.ts';
import { ExpressionError } from './expression-error.ts';
import { scope } from './testing/evaluate.ts';

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

test('of many mistakes the first are told', () => {
  const source = `[${Array.from({ length: 90 }, (_, index) => `x${index}`).join(', ')}]`;
  assert.throws(
    () => compileExpression(source, scope),
    ({ message }: Error) =>
      message.length < 9_000 && / \d+ more errors were truncated$/.test(message.replaceAll('\n', ' ')),
  );
});
