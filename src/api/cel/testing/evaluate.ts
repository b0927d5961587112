import { createBudget } from '../budget.ts';
import { compileExpression } from '../expression.ts';
import { expressionCostMax } from '../limits.ts';
import type { Scope } from '../types/check.ts';
import { knownFunctions } from '../types/functions.ts';
import { dyn, objectType, string } from '../types/type.ts';
import { celValue } from '../values.ts';

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
export const scope: Scope = { variables, functions: knownFunctions() };

/** The value, or `error: …`; lists as arrays. */
export function evaluate(source: string, more: object = {}, costMax = expressionCostMax): unknown {
  const bindings = { object: celValue(object, schema), 'request.name': 'web', ...more };
  const outcome = compileExpression(source, scope).evaluate(bindings, { budget: createBudget({ costMax }) });
  if ('error' in outcome) return `error: ${outcome.error}`;
  const { value } = outcome;
  return typeof value === 'object' && value !== null && Symbol.iterator in value ? [...(value as any)] : value;
}
