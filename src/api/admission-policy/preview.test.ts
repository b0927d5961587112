import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../api.ts';
import type { KubernetesObject } from '../object.ts';
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../schema/types.d.ts';
import type { ParamSource } from './params.ts';
import { type PreviewedObject, previewPolicy } from './preview.ts';

const kindOf = (name: string) => kinds.find(({ kind }) => kind === name)!;
const apiVersion = 'admissionregistration.k8s.io/v1';
const everything = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] };

const policy = (spec: object): ValidatingAdmissionPolicy => ({
  ...{ apiVersion, kind: 'ValidatingAdmissionPolicy', metadata: { name: 'p' } },
  spec: { matchConstraints: { resourceRules: [everything] }, ...spec },
});
const binding = (spec: object = {}): ValidatingAdmissionPolicyBinding => ({
  ...{ apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata: { name: 'b' } },
  spec: { policyName: 'p', validationActions: ['Deny'], ...spec },
});
const deployment = (replicas: number): PreviewedObject => ({
  ...{ kind: kindOf('Deployment'), operation: 'CREATE' },
  object: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'a' }, spec: { replicas } },
});
const nothing: ParamSource = { scopeOf: () => 'Namespaced', get: () => undefined, list: () => [] };
const hidden: ParamSource = { scopeOf: () => 'Namespaced', get: () => 'unknown', list: () => 'unknown' };

function preview(spec: object, each: PreviewedObject = deployment(6), bound: object = {}, params = nothing) {
  const result = previewPolicy(policy(spec), [binding(bound)], params)(each);
  if (result.verdict === 'unknown') return `unknown: ${result.why}`;
  return result.verdict === 'denied' ? `denied: ${result.message}` : result.verdict;
}
const check = (expression: string, more: object = {}) => ({ validations: [{ expression, message: 'no' }], ...more });

test('what the object alone decides is decided', () => {
  assert.equal(preview(check('object.spec.replicas <= 5')), 'denied: no');
  assert.equal(preview(check('object.spec.replicas <= 5'), deployment(5)), 'allowed');
  assert.equal(preview(check("request.operation == 'CREATE' && oldObject == null")), 'allowed');
});

test('what depends on who asks is unknown, unless it would not matter', () => {
  const named = "request.userInfo.username == 'admin'";
  assert.equal(preview(check(named)), 'unknown: depends on request.userInfo');
  assert.equal(preview(check(`${named} || object.spec.replicas > 5`)), 'allowed');
  assert.equal(preview(check(`${named} && object.spec.replicas < 5`)), 'denied: no');
  assert.equal(preview(check(`object.spec.replicas < 9 ? true : ${named}`)), 'allowed');
  assert.equal(
    preview(check("has(request.userInfo.extra) && request.userInfo.uid != ''")),
    'unknown: depends on request.userInfo',
  );
  assert.equal(
    preview(check('[1, 2].exists(x, request.userInfo.groups.size() == x)')),
    'unknown: depends on request.userInfo',
  );
  const right = "authorizer.group('').resource('pods').check('get').allowed()";
  assert.equal(preview(check(right)), 'unknown: depends on authorizer');
});

test('an unknown part of a variable makes unknown what uses it, each time', () => {
  const variables = [
    { name: 'admin', expression: "'admins' in request.userInfo.groups" },
    { name: 'many', expression: 'object.spec.replicas > 5' },
  ];
  const validations = [
    { expression: '!variables.many || variables.admin' },
    { expression: 'variables.many && variables.admin' },
  ];
  assert.equal(preview({ variables, validations }), 'unknown: depends on request.userInfo');
  assert.equal(preview({ variables, validations: [{ expression: 'variables.many' }] }), 'allowed');
});

test('a certain refusal outweighs what is unknown', () => {
  const validations = [{ expression: "request.userInfo.username == 'x'" }, { expression: 'false', message: 'never' }];
  assert.equal(preview({ validations }), 'denied: never');
});

test('a condition that is unknown leaves allowed what passes anyway', () => {
  const matchConditions = [{ name: 'humans', expression: "!request.userInfo.username.startsWith('system:')" }];
  assert.equal(
    preview(check('object.spec.replicas <= 5', { matchConditions })),
    'unknown: depends on request.userInfo',
  );
  assert.equal(preview(check('object.spec.replicas <= 6', { matchConditions })), 'allowed');
  const never = [...matchConditions, { name: 'never', expression: 'false' }];
  assert.equal(preview(check('false', { matchConditions: never })), 'allowed');
});

test('an update without the old object is unknown where it counts, a namespace likewise', () => {
  const update = { ...deployment(6), operation: 'UPDATE' as const };
  const grown = check('object.spec.replicas <= oldObject.spec.replicas');
  assert.equal(preview(grown, update), 'unknown: depends on oldObject');
  assert.equal(preview(grown, { ...update, oldObject: deployment(7).object }), 'allowed');
  const labelled = check("namespaceObject.metadata.labels['env'] == 'prod'");
  assert.equal(preview(labelled), 'unknown: depends on namespaceObject');
  const selected = { matchResources: { namespaceSelector: { matchLabels: { env: 'prod' } } } };
  assert.match(preview(check('false'), deployment(6), selected), /^unknown: /);
  const namespaceObject: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'a', labels: { env: 'prod' } },
  };
  assert.equal(preview(labelled, { ...deployment(6), namespaceObject }), 'allowed');
  assert.equal(preview(check('false'), { ...deployment(6), namespaceObject }, selected), 'denied: no');
});

test('a parameter that was not given is unknown; one that is missing is an error', () => {
  const spec = check('object.spec.replicas <= params.spec.most', {
    paramKind: { apiVersion: 'x.io/v1', kind: 'Limit' },
  });
  const paramRef = { name: 'limit', parameterNotFoundAction: 'Deny' };
  assert.equal(preview(spec, deployment(6), { paramRef }, hidden), 'unknown: depends on params');
  assert.match(preview(spec, deployment(6), { paramRef }), /^denied: failed to configure binding: no params found/);
  assert.equal(
    preview(spec, deployment(6), { paramRef: { ...paramRef, parameterNotFoundAction: 'Allow' } }),
    'allowed',
  );
});

test('only what is bound with Deny breaks anything; the rest is told', () => {
  const bindings = [binding({ validationActions: ['Warn', 'Audit'] }), binding({ policyName: 'other' })];
  const result = previewPolicy(policy(check('false')), bindings, nothing)(deployment(1));
  assert.deepEqual(result, { verdict: 'allowed', warnings: ['no'] });
});

test('a request has a number of evaluations, and what is beyond is an error', () => {
  const bindings = (count: number) => Array.from({ length: count }, () => binding());
  const of = (count: number) => previewPolicy(policy(check('true')), bindings(count), nothing)(deployment(1));
  assert.equal(of(490).verdict, 'allowed');
  const beyond = of(501);
  assert.equal(beyond.verdict, 'denied');
  assert.match((beyond as { message: string }).message, /^too many policies, bindings and parameters/);
});

test('a binding is held against the version that was sent, its policy judges the one it names', () => {
  const rule = { ...everything, apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'] };
  const rules = (version: string) => ({ resourceRules: [{ ...rule, apiVersions: [version] }] });
  const each: PreviewedObject = {
    ...{ kind: kinds.find(({ kind, version }) => kind === 'HorizontalPodAutoscaler' && version === 'v2')! },
    ...{ operation: 'CREATE', namespaceObject: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } } },
    object: { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'h', namespace: 'a' } },
  };
  const told = (version: string) =>
    preview(
      {
        matchConstraints: rules('v1'),
        validations: [{ expression: 'false', messageExpression: 'string(object.apiVersion)' }],
      },
      each,
      { matchResources: { ...rules(version), matchPolicy: 'Exact' } },
    );
  assert.equal(told('v2'), 'denied: autoscaling/v1');
  assert.equal(told('v1'), 'allowed');
});

test('an object is made a value of expressions once, for all that judges it', () => {
  let reads = 0;
  const each = deployment(1);
  Object.defineProperty(each.object['spec'], 'replicas', { enumerable: true, get: () => ++reads });
  const bindings = ['a', 'b', 'c'].map((name) => ({ ...binding(), metadata: { name } }));
  previewPolicy(policy(check('object.spec.replicas == 1')), bindings, nothing)(each);
  assert.equal(reads, 1);
});

test('an error denies or is ignored, as the policy says', () => {
  assert.match(
    preview(check('object.nothing == 1')),
    /^denied: expression 'object.nothing == 1' resulted in error: no such key/,
  );
  assert.equal(preview(check('object.nothing == 1', { failurePolicy: 'Ignore' })), 'allowed');
  assert.match(preview(check('object.spec')), /must evaluate to bool but got dyn/);
  assert.match(preview(check('this is wrong')), /compilation failed: ERROR: <input>:1:6/);
});
