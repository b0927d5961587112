import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../api.ts';
import type { MatchResources } from '../schema/types.d.ts';
import { isExempt, matchesResources } from './match.ts';
import type { PolicyRequest } from './request.ts';

const kindOf = (name: string, version = 'v1') => kinds.find((each) => each.kind === name && each.version === version)!;
const request = (more: Partial<PolicyRequest> = {}): PolicyRequest => ({
  ...{ operation: 'CREATE', kind: kindOf('Pod'), subresource: '', namespace: 'a', name: 'web', dryRun: false },
  object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', labels: { app: 'web' } } },
  oldObject: undefined,
  namespaceObject: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a', labels: { env: 'prod' } } },
  user: { username: 'u', groups: [] },
  ...more,
});
const pods = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
const matches = (match: MatchResources, more: Partial<PolicyRequest> = {}) =>
  matchesResources({ resourceRules: [pods], ...match }, request(more), new Set());

test('rules match by operation, resource, subresource, name and scope', () => {
  const rule = (more: object) => ({ resourceRules: [{ ...pods, ...more }] });
  assert.equal(matches({}), true);
  assert.equal(matches({}, { operation: 'UPDATE' }), false);
  assert.equal(matches(rule({ operations: ['*'] }), { operation: 'CONNECT' }), true);
  assert.equal(matches({}, { subresource: 'status' }), false);
  for (const resource of ['pods/status', 'pods/*', '*/status', '*/*'])
    assert.equal(matches(rule({ resources: [resource] }), { subresource: 'status' }), true, resource);
  assert.equal(matches(rule({ resources: ['*'] }), { subresource: 'status' }), false);
  assert.equal(matches(rule({ resourceNames: ['db'] })), false);
  assert.equal(matches(rule({ scope: 'Cluster' })), false);
  assert.equal(matches(rule({ scope: 'Namespaced' })), true);
  assert.equal(matches({ excludeResourceRules: [pods] }), false);
  assert.equal(matches({ resourceRules: [] }), true);
});

test('selectors look at the object, the old one and the namespace', () => {
  const app = { objectSelector: { matchLabels: { app: 'web' } } };
  assert.equal(matches(app), true);
  assert.equal(matches({ objectSelector: { matchLabels: { app: 'db' } } }), false);
  assert.equal(matches(app, { object: undefined, oldObject: request().object }), true);
  const prod = { namespaceSelector: { matchLabels: { env: 'prod' } } };
  assert.equal(matches(prod), true);
  assert.equal(matches(prod, { namespaceObject: undefined }), false);
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'b', labels: { env: 'test' } } };
  const rules = { resourceRules: [{ ...pods, resources: ['namespaces', 'nodes'] }] };
  assert.equal(matches({ ...prod, ...rules }, { kind: kindOf('Namespace'), object: namespace, namespace: 'b' }), false);
  assert.equal(matches({ ...prod, ...rules }, { kind: kindOf('Node'), namespace: '' }), true);
});

test('a rule for the stored version matches another one, unless it must be exact', () => {
  const kind = kindOf('HorizontalPodAutoscaler');
  const resourceRules = [
    { ...pods, apiGroups: ['autoscaling'], apiVersions: ['v2'], resources: ['horizontalpodautoscalers'] },
  ];
  assert.equal(matches({ resourceRules }, { kind }), true);
  assert.equal(matches({ resourceRules, matchPolicy: 'Exact' }, { kind }), false);
});

test('policies and questions are exempt', () => {
  assert.equal(isExempt(kindOf('ValidatingAdmissionPolicyBinding')), true);
  assert.equal(isExempt(kindOf('SubjectAccessReview')), true);
  assert.equal(isExempt(kindOf('Pod')), false);
});
