import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluate } from './testing/evaluate.ts';
import { celValue } from './values.ts';

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
  ['\'it is\' != "x" // a comment with .? in it', true],
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
];
for (const [source, expected] of values) test(source, () => assert.deepEqual(evaluate(source), expected));

test('names of JavaScript are keys like any other', () => {
  const hostile = celValue(JSON.parse('{"__proto__": {"x": 1}, "constructor": {"name": "Object"}, "toString": "t"}'));
  const expression =
    'object.__proto__.x == 1 && object.constructor.name == "Object" && object.toString == "t" && !has(object.valueOf)';
  assert.equal(evaluate(expression, { object: hostile }), true);
});
