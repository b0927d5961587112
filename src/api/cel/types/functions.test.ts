import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environment } from '../environment.ts';
import { knownFunctions, readFunctions } from './functions.ts';
import { patchSignatures } from './signatures.ts';
import { typeText } from './type.ts';

/** What the evaluator has no function for, and what `rewrite` makes others of. */
const operators = new Set(['_[_]', '_[?_]', '_?_:_', '_&&_', '_||_', '@not_strictly_false']);

test('every function that an expression may call can be evaluated', () => {
  const { funcs } = environment().env;
  const names = [...knownFunctions().keys(), ...readFunctions(patchSignatures).keys()];
  const missing = names.filter((name) => !operators.has(name) && funcs.find(name) === undefined);
  assert.deepEqual(missing, []);
});

test('signatures are read', () => {
  const functions = readFunctions(['list(A).at(T, map(string, A)) optional_type(A) for int net.IP', 'sets.is(A) bool']);
  const [first, second] = functions.get('at')!;
  assert.equal(first!.isMethod, true);
  assert.deepEqual(first!.args.map(typeText), ['list(A)', 'int', 'map(string, A)']);
  assert.equal(typeText(second!.args[1]!), 'net.IP');
  assert.equal(typeText(second!.result), 'optional_type(A)');
  assert.equal(functions.get('sets.is')![0]!.isMethod, false);
});
