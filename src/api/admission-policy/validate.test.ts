import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  MutatingAdmissionPolicy,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../schema/types.d.ts';
import { policyExpressionsLengthMax, variablesMax } from './limits.ts';
import { validateMutation, validatePolicy } from './validate.ts';
import { validateBinding } from './validate-binding.ts';

const rule = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] };
const policy = (spec: object) =>
  ({
    metadata: { name: 'p' },
    spec: { matchConstraints: { resourceRules: [rule] }, ...spec },
  }) as ValidatingAdmissionPolicy;
const wrong = (spec: object) => validatePolicy(policy(spec)).map(({ field, message }) => `${field}: ${message}`);
const ok = { validations: [{ expression: 'true' }] };

const compilation = (expression: string, message: string, line = expression) =>
  `Invalid value: "${expression}": compilation failed: ERROR: <input>:1:${message}\n | ${line}\n | ${'.'.repeat(Number(message.split(':')[0]) - 1)}^`;

const policies: [object, ...string[]][] = [
  [
    {},
    'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
    'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
  ],
  [{ ...ok, matchConstraints: undefined }, 'spec.matchConstraints: Required value'],
  [{ ...ok, matchConstraints: {} }, 'spec.matchConstraints.resourceRules: Required value'],
  [
    { ...ok, failurePolicy: 'Never' },
    'spec.failurePolicy: Unsupported value: "Never": supported values: "Fail", "Ignore"',
  ],
  [{ ...ok, paramKind: { kind: 'X' } }, 'spec.paramKind.apiVersion: Required value'],
  [
    { ...ok, paramKind: { apiVersion: 'a.b/', kind: 'X' } },
    'spec.paramKind.apiVersion: Invalid value: "a.b/": version must be specified',
  ],
  [
    { ...ok, variables: [{ name: 'if', expression: '1' }] },
    'spec.variables[0].name: Invalid value: "if": must be a valid CEL identifier',
  ],
  [
    { validations: [{ expression: ' ' }] },
    'spec.validations[0].expression: Required value: expression is not specified',
  ],
  [
    { validations: [{ expression: 'true', message: 'a\nb' }] },
    'spec.validations[0].message: Invalid value: "a\\nb": must not contain line breaks',
  ],
  [
    { validations: [{ expression: 'true', messageExpression: ' ' }] },
    'spec.validations[0].messageExpression: Invalid value: " ": must be non-empty if specified',
  ],
  [
    { validations: [{ expression: 'params.x == 1' }] },
    `spec.validations[0].expression: ${compilation('params.x == 1', "1: undeclared reference to 'params' (in container '')")}`,
  ],
  [
    { validations: [{ expression: 'object.x' }] },
    'spec.validations[0].expression: Invalid value: "object.x": must evaluate to bool but got dyn',
  ],
  [
    { auditAnnotations: [{ key: 'k', valueExpression: "duration('1h')" }] },
    'spec.auditAnnotations[0].valueExpression: Invalid value: "duration(\'1h\')": must evaluate to one of [string null_type] but got google.protobuf.Duration',
  ],
  [
    { ...ok, auditAnnotations: [{ key: 'a/b', valueExpression: "''" }] },
    `spec.auditAnnotations[0].key: Invalid value: "p/a/b": a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
  ],
  [
    {
      ...ok,
      variables: [
        { name: 'a', expression: 'variables.b' },
        { name: 'b', expression: '1' },
      ],
    },
    `spec.variables[0].expression: ${compilation('variables.b', "10: undefined field 'b'")}`,
  ],
  [
    { variables: [{ name: 'a', expression: "'x'" }], validations: [{ expression: 'variables.a == 1' }] },
    `spec.validations[0].expression: ${compilation('variables.a == 1', "13: found no matching overload for '_==_' applied to '(string, int)'")}`,
  ],
  [
    { ...ok, matchConditions: [{ name: 'c', expression: 'variables.a' }], variables: [{ name: 'a', expression: '1' }] },
    `spec.matchConditions[0].expression: ${compilation('variables.a', "1: undeclared reference to 'variables' (in container '')")}`,
  ],
  [
    {
      ...ok,
      matchConstraints: {
        resourceRules: [
          { ...rule, operations: ['*', 'CREATE'], resources: ['*/*', 'pods'], resourceNames: ['a', 'a'] },
        ],
      },
    },
    'spec.matchConstraints.resourceRules[0].resourceNames[1]: Duplicate value: "a"',
    `spec.matchConstraints.resourceRules[0].operations: Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`,
    `spec.matchConstraints.resourceRules[0].resources: Invalid value: ["*/*","pods"]: if '*/*' is present, must not specify other resources`,
  ],
];
for (const [spec, ...messages] of policies) test(messages[0]!, () => assert.deepEqual(wrong(spec), messages));

test('an expression may have lines, and two variables one name', () => {
  const variables = ['1', '2'].map((expression) => ({ name: 'a', expression }));
  assert.deepEqual(wrong({ variables, validations: [{ expression: 'true &&\nvariables.a == 2' }] }), []);
});

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
    'spec.paramRef.selector',
  ]);
  assert.deepEqual(of({ paramRef: { name: 'a' } }), ['spec.paramRef.parameterNotFoundAction']);
});

test('mutations', () => {
  const of = (spec: object) =>
    validateMutation({
      ...{ metadata: { name: 'm' } },
      spec: { matchConstraints: { resourceRules: [rule] }, reinvocationPolicy: 'Never', ...spec },
    } as MutatingAdmissionPolicy).map(({ field, message }) => `${field}: ${message}`);
  const apply = (expression: string) =>
    of({ mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }] });
  const patch = (expression: string) => of({ mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }] });
  const at = 'spec.mutations[0]';
  assert.deepEqual(of({}), ['spec.mutations: Required value: mutations must contain at least one item']);
  assert.deepEqual(of({ mutations: [{ patchType: 'JSONPatch' }] }), [
    `${at}.jsonPatch: Required value: must be specified when patchType is JSONPatch`,
  ]);
  assert.deepEqual(apply('object.paused == true ? Object{spec: Object.spec{paused: true}} : null'), []);
  assert.deepEqual(apply("{'a': 1}"), [
    `${at}.applyConfiguration.expression: Invalid value: "{'a': 1}": must evaluate to Object but got map(string, int)`,
  ]);
  assert.deepEqual(patch("[JSONPatch{op: 'remove', path: '/a/' + jsonpatch.escapeKey('x/y')}]"), []);
  assert.deepEqual(patch('[]'), [
    `${at}.jsonPatch.expression: Invalid value: "[]": must evaluate to list(JSONPatch) but got list(dyn)`,
  ]);
  assert.match(patch('[JSONPatch{op: 1}]')[0]!, /expected type of field 'op' is 'string' but provided type is 'int'/);
  assert.match(apply('Other{}')[0]!, /undeclared reference to 'Other'/);
  const matchConstraints = { resourceRules: [{ ...rule, operations: ['DELETE'] }] };
  assert.deepEqual(
    of({
      mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{}' } }],
      matchConstraints,
    }),
    [
      'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
    ],
  );
});
