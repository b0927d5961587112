import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../schema/types.d.ts';
import { policyExpressionsLengthMax, variablesMax } from './limits.ts';
import { validateBinding, validatePolicy } from './validate.ts';

const rule = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] };
const policy = (spec: object) =>
  ({
    metadata: { name: 'p' },
    spec: { matchConstraints: { resourceRules: [rule] }, ...spec },
  }) as ValidatingAdmissionPolicy;
const wrong = (spec: object) => validatePolicy(policy(spec)).map(({ field, message }) => `${field}: ${message}`);
const ok = { validations: [{ expression: 'true' }] };

const policies: [object, string][] = [
  [{}, 'spec.validations: Required value: validations or auditAnnotations must be non-empty, or both'],
  [{ ...ok, matchConstraints: undefined }, 'spec.matchConstraints: Required value'],
  [{ ...ok, matchConstraints: {} }, 'spec.matchConstraints.resourceRules: Required value'],
  [
    { ...ok, failurePolicy: 'Never' },
    'spec.failurePolicy: Unsupported value: "Never": supported values: "Fail", "Ignore"',
  ],
  [{ ...ok, paramKind: { kind: 'X' } }, 'spec.paramKind.apiVersion: Required value'],
  [
    { ...ok, variables: [{ name: 'a-b', expression: '1' }] },
    'spec.variables[0].name: Invalid value: "a-b": name is not a valid CEL identifier',
  ],
  [{ validations: [{ expression: ' ' }] }, 'spec.validations[0].expression: Required value'],
  [
    { validations: [{ expression: 'true &&\ntrue' }] },
    'spec.validations[0].message: Required value: message must be specified if expression contains line breaks',
  ],
  [
    { validations: [{ expression: 'params.x' }] },
    `spec.validations[0].expression: Invalid value: "params.x": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params'`,
  ],
  [
    {
      ...ok,
      variables: [
        { name: 'a', expression: 'variables.b' },
        { name: 'b', expression: '1' },
      ],
    },
    `spec.variables[0].expression: Invalid value: "variables.b": compilation failed: ERROR: <input>:1:10: undefined field 'b'`,
  ],
  [
    { ...ok, matchConditions: [{ name: 'c', expression: 'variables.a' }], variables: [{ name: 'a', expression: '1' }] },
    `spec.matchConditions[0].expression: Invalid value: "variables.a": compilation failed: ERROR: <input>:1:1: undeclared reference to 'variables'`,
  ],
];
for (const [spec, message] of policies) test(message, () => assert.deepEqual(wrong(spec), [message]));

test('a policy that uses everything is right', () => {
  const spec = {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    matchConditions: [{ name: 'example.com/c', expression: "params.data.on == 'yes'" }],
    variables: [
      { name: 'a', expression: '1' },
      { name: 'b', expression: 'variables.a + 1' },
    ],
    validations: [
      { expression: 'variables.b == 2', messageExpression: "'b is ' + string(variables.b)", reason: 'Forbidden' },
    ],
    auditAnnotations: [{ key: 'b', valueExpression: 'string(variables.b)' }],
  };
  assert.deepEqual(wrong(spec), []);
});

test('there is a limit to variables', () => {
  const variables = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ name: `v${index}`, expression: '1' }));
  assert.deepEqual(wrong({ ...ok, variables: variables(variablesMax) }), []);
  assert.match(wrong({ ...ok, variables: variables(variablesMax + 1) })[0]!, /^spec.variables: Too many/);
});

test('there is a limit to all expressions together', () => {
  const validations = (length: number) => {
    const expression = `true //${'x'.repeat(length / 64 - 7)}`;
    return { validations: Array.from({ length: 64 }, () => ({ expression })) };
  };
  assert.deepEqual(wrong(validations(policyExpressionsLengthMax)), []);
  assert.match(
    wrong(validations(policyExpressionsLengthMax + 64))[0]!,
    /^spec: Forbidden: its expressions have more than/,
  );
});

test('bindings', () => {
  const of = (spec: object) =>
    validateBinding({
      spec: { policyName: 'p', validationActions: ['Deny'], ...spec },
    } as ValidatingAdmissionPolicyBinding).map(({ field }) => field);
  assert.deepEqual(of({}), []);
  assert.deepEqual(of({ policyName: '' }), ['spec.policyName']);
  assert.deepEqual(of({ validationActions: ['Deny', 'Warn'] }), ['spec.validationActions']);
  assert.deepEqual(of({ validationActions: ['Audit', 'Audit'] }), ['spec.validationActions[1]']);
  assert.deepEqual(of({ paramRef: { name: 'a', selector: {}, parameterNotFoundAction: 'Deny' } }), [
    'spec.paramRef.name',
  ]);
  assert.deepEqual(of({ paramRef: { name: 'a' } }), ['spec.paramRef.parameterNotFoundAction']);
});
