import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../api/api.ts';
import { resourceName } from '../api/kind.ts';
import { builtInResources, pathOf, splitResourceName } from './resources.ts';

const path = (resource: string, where: object) => pathOf(builtInResources.get(resource)!, where);

test('paths follow group, scope and subresource', () => {
  assert.equal(path('pods', {}), '/api/v1/pods');
  assert.equal(path('pods', { namespace: 'a', name: 'b', subresource: 'log' }), '/api/v1/namespaces/a/pods/b/log');
  assert.equal(path('deployments.apps', { namespace: 'a' }), '/apis/apps/v1/namespaces/a/deployments');
  assert.equal(path('nodes', { namespace: 'ignored', name: 'n' }), '/api/v1/nodes/n');
});

test('a name cannot leave its place in the path', () => {
  assert.equal(path('pods', { namespace: '../x', name: 'a/../b?c' }), '/api/v1/namespaces/..%2Fx/pods/a%2F..%2Fb%3Fc');
});

test('resource names split at the first dot', () => {
  assert.deepEqual(splitResourceName('roles.rbac.authorization.k8s.io'), {
    resource: 'roles',
    group: 'rbac.authorization.k8s.io',
  });
  assert.deepEqual(splitResourceName('pods'), { resource: 'pods', group: '' });
});

test('the table agrees with the kinds of the API', () => {
  for (const kind of kinds) {
    const name = resourceName(kind);
    const known = builtInResources.get(name);
    assert.ok(known, `${name} is not in the table`);
    const { group, kind: kindName, namespaced } = kind;
    assert.deepEqual([known.group, known.kind, known.namespaced], [group, kindName, namespaced], name);
    const served = kinds.filter((other) => resourceName(other) === name).map(({ version }) => version);
    assert.ok(served.includes(known.version), `${name} is not served as ${known.version}`);
  }
});
