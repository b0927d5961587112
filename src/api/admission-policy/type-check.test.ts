import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../api.ts';
import type { ValidatingAdmissionPolicy } from '../schema/types.d.ts';
import { checkedKindsMax, typeWarnings } from './type-check.ts';

const rule = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] };
const warnings = (expression: string, spec: object = {}) =>
  typeWarnings(
    {
      metadata: { name: 'p' },
      spec: { matchConstraints: { resourceRules: [rule] }, validations: [{ expression }], ...spec },
    } as ValidatingAdmissionPolicy,
    kinds,
  ).map(({ warning }) => warning.split('\n')[0]!.replace(/^apps\/v1, Kind=Deployment: ERROR: <input>:/, ''));

const wrong: [string, string][] = [
  ["object.spec.replicas == 'a'", "1:22: found no matching overload for '_==_' applied to '(int, string)'"],
  ['has(object.spec.nope)', "1:4: undefined field 'nope'"],
  ['oldObject.spec.nope == 1', "1:15: undefined field 'nope'"],
  ["object.metadata.labels['x'] == 1", "1:29: found no matching overload for '_==_' applied to '(string, int)'"],
  [
    "object.metadata.creationTimestamp == 'x'",
    "1:35: found no matching overload for '_==_' applied to '(timestamp, string)'",
  ],
  [
    "object.?spec.?replicas.orValue('a') == 'x'",
    "1:31: found no matching overload for 'orValue' applied to 'optional_type(int).(string)'",
  ],
  [
    'object.spec.template.spec.containers.all(c, c.image == 1)',
    "1:53: found no matching overload for '_==_' applied to '(string, int)'",
  ],
];
for (const [expression, warning] of wrong) test(expression, () => assert.deepEqual(warnings(expression), [warning]));

test('what is right, or may be of several forms, is not warned of', () => {
  for (const expression of [
    'object.spec.replicas > 1 && object == null || oldObject.spec.paused',
    'object.spec.strategy.rollingUpdate.maxSurge == 1 || object.spec.strategy.rollingUpdate.maxSurge == "10%"',
    "object.spec.template.spec.containers.all(c, quantity(c.resources.limits['memory']).isInteger())",
    "object.metadata.namespace == 'x' && object.metadata.ownerReferences.exists(o, o.controller)",
  ])
    assert.deepEqual(warnings(expression), [], expression);
});

test('rules with wildcards and of unknown kinds say nothing; parameters and variables have types', () => {
  const at = (more: object) => ({ matchConstraints: { resourceRules: [{ ...rule, ...more }] } });
  for (const more of [{ resources: ['*'] }, { apiGroups: ['*'] }, { apiVersions: ['v9'] }])
    assert.deepEqual(warnings('object.spec.nope == 1', at(more)), []);
  const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
  assert.deepEqual(warnings("params.data['x'] == 1", { paramKind }), [
    "1:18: found no matching overload for '_==_' applied to '(string, int)'",
  ]);
  const variables = [{ name: 'r', expression: 'object.spec.replicas' }];
  assert.deepEqual(warnings("variables.r == 'a'", { variables }), [
    "1:13: found no matching overload for '_==_' applied to '(int, string)'",
  ]);
});

test('a kind that holds itself has a type', () => {
  const matchConstraints = {
    resourceRules: [{ ...rule, apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'] }],
  };
  const schema = 'object.spec.versions[0].schema.openAPIV3Schema';
  assert.deepEqual(warnings(`${schema}.properties["x"].properties["y"].type == 'string'`, { matchConstraints }), []);
});

test('a policy is held against so many kinds and no more', () => {
  const names = kinds.filter(({ group, version }) => group === '' && version === 'v1').map(({ resource }) => resource);
  const wide = (count: number) => ({ ...rule, apiGroups: [''], resources: names.slice(0, count) });
  const checked = (count: number) => {
    const spec = {
      matchConstraints: { resourceRules: [wide(count)] },
      validations: [{ expression: 'object.nope == 1' }],
    };
    const policy = { metadata: { name: 'p' }, spec } as ValidatingAdmissionPolicy;
    return typeWarnings(policy, kinds)[0]!.warning.split('Kind=').length - 1;
  };
  assert.equal(checked(checkedKindsMax), checkedKindsMax);
  assert.equal(checked(checkedKindsMax + 1), checkedKindsMax);
});
