import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicyRule } from '../../api/rbac/rules.ts';
import { checks } from '../checks.ts';
import { contextOf, judge } from '../judge/judge.ts';
import { createSnapshot } from '../snapshot/snapshot.ts';
import { clusterOf } from '../testing/worlds.ts';
import { escalate } from './checks/escalate.ts';
import { exampleRole } from './role-rights.ts';

test('acting as others for some verbs is told, milder, where the API server knows it and no name limits it', () => {
  const found = (rule: Partial<PolicyRule>, { minor = 36, closedByDefault = false } = {}) => {
    const role = exampleRole({ apiGroups: ['authentication.k8s.io'], ...rule });
    const snapshot = { source: 'cluster', closedByDefault, takenAtMs: 0, minor, objects: [role], unread: [] } as const;
    const verdict = escalate.judge(role, contextOf(createSnapshot({ ...snapshot, objects: [role], unread: [] })));
    return verdict.verdict === 'fail' ? verdict.findings[0]!.severity : verdict.verdict;
  };
  const users = { resources: ['users'], verbs: ['impersonate:user-info'] };
  assert.equal(found(users), 'high');
  assert.equal(found({ resources: ['nodes'], verbs: ['impersonate:arbitrary-node'] }), 'high');
  assert.equal(found({ ...users, resourceNames: ['anna'] }), 'pass');
  assert.equal(found(users, { minor: 35 }), 'pass');
  assert.equal(found(users, { closedByDefault: true }), 'pass');
  assert.equal(found({ apiGroups: [''], resources: ['users'], verbs: ['impersonate'] }), undefined);
});

test('a right is told under every name by which it can be had', () => {
  const told = (verb: string, group: string, resource: string) => {
    const role = exampleRole({ apiGroups: [group], resources: [resource], verbs: [verb] });
    const { failures } = judge([{ object: role }], checks, contextOf(clusterOf([role])));
    return failures.map(({ check }) => check.id).join();
  };
  const pods = [
    ...['pods', 'replicationcontrollers'].map((resource) => ['', resource]),
    ...['deployments', 'daemonsets', 'statefulsets', 'replicasets'].map((resource) => ['apps', resource]),
    ['batch', 'cronjobs'],
  ] as [string, string][];
  for (const verb of ['create', 'update', 'patch'])
    for (const [group, resource] of pods) assert.equal(told(verb, group, resource), 'rbac/create-pods', resource);
  assert.equal(told('create', 'batch', 'jobs'), 'rbac/create-pods');
  assert.equal(told('patch', 'batch', 'jobs'), '', 'what a Job runs never changes');
  const admission = 'admissionregistration.k8s.io';
  for (const [verb, group, resource] of [
    ['create', admission, 'mutatingadmissionpolicies'],
    ['patch', admission, 'mutatingadmissionpolicybindings'],
    ['delete', admission, 'validatingadmissionpolicies'],
    ['update', admission, 'validatingadmissionpolicybindings'],
    ['create', 'apiregistration.k8s.io', 'apiservices'],
    ['patch', 'defence.rempart.io', 'protections'],
  ] as const)
    assert.equal(told(verb, group, resource), 'rbac/change-webhooks', resource);
  for (const [verb, group, resource] of [
    ['delete', 'networking.k8s.io', 'networkpolicies'],
    ['update', '', 'endpoints'],
    ['create', 'discovery.k8s.io', 'endpointslices'],
  ] as const)
    assert.equal(told(verb, group, resource), 'rbac/change-network-policies', resource);
  for (const [verb, resource] of [
    ['create', 'pods/portforward'],
    ['get', 'pods/proxy'],
    ['create', 'services/proxy'],
  ] as const)
    assert.equal(told(verb, '', resource), 'rbac/proxy-to-pods', resource);
});
