import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rolesFor, rulesFor, usernameOf } from './permissions.ts';

test('reads and writes become the rules, and nothing else does', () => {
  const rules = rulesFor({
    reconciles: 'deployments.apps',
    reads: ['pods', 'nodes', 'replicasets.apps'],
    writes: { 'deployments.apps/status': ['update'], 'replicasets.apps': ['create', 'update'] },
  });
  assert.deepEqual(rules, [
    { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: [''], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['create', 'get', 'list', 'update', 'watch'] },
    { apiGroups: ['apps'], resources: ['deployments/status', 'deployments/finalizers'], verbs: ['update'] },
    { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
  ]);
});

test('further rights are granted as they are declared', () => {
  const grant = { apiGroups: ['g'], resources: ['signers'], verbs: ['sign'], resourceNames: ['one'] };
  assert.deepEqual(rulesFor({ reconciles: 'pods', reads: [], writes: {}, grants: [grant] }).at(-1), grant);
});

test('the role is bound to the identity of the controller', () => {
  const { role, binding } = rolesFor({ name: 'x', reconciles: 'pods', reads: [], writes: {} });
  assert.equal(role.metadata.name, binding['roleRef'].name);
  const [subject] = binding['subjects'];
  assert.equal(`system:serviceaccount:${subject.namespace}:${subject.name}`, usernameOf('x'));
});
