import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../api/object.ts';
import type { PolicyRule } from '../../api/rbac/rules.ts';
import type { Attributes, UserInfo } from '../../api/user.ts';
import { objectsLookup } from '../testing/objects-lookup.ts';
import { createAuthorization } from './authorization.ts';
import { denial } from './denial.ts';

const group = 'rbac.authorization.k8s.io';
const anna: UserInfo = { username: 'anna', groups: ['dev', 'system:authenticated'] };

const asked = (verb: string, resource: string, more: Partial<Attributes> = {}): Attributes => ({
  ...{ user: anna, verb, group: '', version: 'v1', resource, subresource: '', namespace: 'a', name: '' },
  ...more,
});

function role(name: string, rules: PolicyRule[], namespace?: string, more: object = {}): KubernetesObject {
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  return { apiVersion: `${group}/v1`, kind, metadata: { name, namespace }, rules, ...more };
}

function binding(
  name: string,
  to: string,
  subject: object,
  namespace?: string,
  kind = 'ClusterRole',
): KubernetesObject {
  const metadata = { name, namespace };
  const own = namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding';
  return { apiVersion: `${group}/v1`, kind: own, metadata, roleRef: { kind, name: to }, subjects: [subject] };
}

function setup() {
  const lookup = objectsLookup();
  const authorization = createAuthorization(lookup);
  const put = (object: KubernetesObject) => lookup.put(`${object.kind.toLowerCase()}s.${group}`, object);
  return { lookup, put, ...authorization };
}

test('nothing is allowed until a binding says so, and no longer once it is gone', () => {
  const { put, lookup, authorize } = setup();
  put(role('reader', [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }]));
  assert.equal(authorize(asked('get', 'pods')).allowed, false);
  put(binding('dev', 'reader', { kind: 'Group', name: 'dev' }, 'a'));
  assert.equal(authorize(asked('get', 'pods')).allowed, true);
  assert.equal(authorize(asked('get', 'pods', { namespace: 'b' })).allowed, false);
  assert.equal(authorize(asked('get', 'pods', { namespace: '' })).allowed, false);
  assert.equal(authorize(asked('get', 'pods', { subresource: 'log' })).allowed, false);
  assert.equal(authorize(asked('get', 'pods', { group: 'apps' })).allowed, false);
  lookup.remove(`rolebindings.${group}`, 'a', 'dev');
  assert.equal(authorize(asked('get', 'pods')).allowed, false);
});

test('service accounts, names, subresources and paths match as Kubernetes says', () => {
  const { put, authorize } = setup();
  put(
    role('mixed', [
      { verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['one'] },
      { verbs: ['get'], apiGroups: ['*'], resources: ['*/status'] },
      { verbs: ['get'], nonResourceURLs: ['/metrics', '/logs/*'] },
    ]),
  );
  put(binding('all', 'mixed', { kind: 'ServiceAccount', name: 'robot', namespace: 'a' }));
  const user = { username: 'system:serviceaccount:a:robot', groups: [] };
  const allowed = (verb: string, resource: string, more: Partial<Attributes> = {}) =>
    authorize(asked(verb, resource, { user, ...more })).allowed;
  assert.equal(allowed('get', 'secrets', { name: 'one' }), true);
  assert.equal(allowed('get', 'secrets', { name: 'two' }), false);
  assert.equal(allowed('list', 'secrets'), false);
  assert.equal(allowed('get', 'deployments', { group: 'apps', subresource: 'status' }), true);
  assert.equal(allowed('get', 'deployments', { group: 'apps' }), false);
  assert.equal(allowed('get', '', { nonResourcePath: '/logs/today' }), true);
  assert.equal(allowed('get', '', { nonResourcePath: '/metrics/x' }), false);
});

test('a Role of one namespace is no role of another, and a missing role gives nothing', () => {
  const { put, authorize } = setup();
  put(role('local', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }], 'a'));
  put(binding('elsewhere', 'local', { kind: 'User', name: 'anna' }, 'b', 'Role'));
  put(binding('missing', 'absent', { kind: 'User', name: 'anna' }));
  assert.equal(authorize(asked('get', 'pods', { namespace: 'b' })).allowed, false);
  assert.equal(authorize(asked('get', 'pods')).allowed, false);
});

test('aggregated roles hold what they select, also through another aggregated role, and circles end', () => {
  const { put, authorize } = setup();
  const aggregate = (label: string) => ({
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: 'true' } }] },
  });
  const labelled = (object: KubernetesObject, labels: Record<string, string>) => ({
    ...object,
    metadata: { ...object.metadata, labels },
  });
  put(labelled(role('admin', [], undefined, aggregate('to-admin')), { 'to-edit': 'true' }));
  put(labelled(role('edit', [], undefined, aggregate('to-edit')), { 'to-admin': 'true' }));
  put(labelled(role('crd', [{ verbs: ['get'], apiGroups: ['x'], resources: ['things'] }]), { 'to-edit': 'true' }));
  put(binding('anna', 'admin', { kind: 'User', name: 'anna' }));
  assert.equal(authorize(asked('get', 'things', { group: 'x' })).allowed, true);
});

test('a refusal reads as in Kubernetes and says what comes near', () => {
  const { put, authorize } = setup();
  put(role('reader', [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }]));
  put(binding('dev', 'reader', { kind: 'Group', name: 'dev' }, 'b'));
  const attributes = asked('get', 'pods', { name: 'web' });
  const error = denial(attributes, authorize(attributes).reason);
  assert.equal(
    error.message,
    'pods "web" is forbidden: User "anna" cannot get resource "pods" in API group "" in the namespace "a": ' +
      'near miss: RoleBinding "b/dev" allows this in namespace "b"',
  );
  const verb = asked('delete', 'pods', { namespace: 'b' });
  assert.match(authorize(verb).reason, /allows only get on pods/);
  const path = asked('get', '', { nonResourcePath: '/metrics' });
  assert.equal(denial(path, authorize(path).reason).message, 'forbidden: User "anna" cannot get path "/metrics"');
});

test('decisions are kept, but not those about what is asked at length', () => {
  const { authorize } = setup();
  const decide = (name: string) => authorize(asked('get', 'pods', { name }));
  const isKept = (name: string) => {
    const first = decide(name);
    return decide(name) === first;
  };
  const [overhead, max] = [keyOf('').length, 1000];
  assert.equal(isKept('x'.repeat(max - overhead)), true);
  assert.equal(isKept('x'.repeat(max - overhead + 1)), false);
  function keyOf(name: string) {
    return JSON.stringify(['r', 'get', '', 'pods', '', 'a', `=${name}`, '', JSON.stringify(['anna', ...anna.groups])]);
  }
});

test('only system:masters passes without a role', () => {
  const { authorize, rulesFor } = setup();
  const owner = { username: 'rempart:break-glass', groups: ['system:masters'] };
  assert.equal(authorize(asked('delete', 'nodes', { user: owner, namespace: '' })).allowed, true);
  assert.deepEqual(rulesFor(owner, '')[0], { verbs: ['*'], apiGroups: ['*'], resources: ['*'] });
  assert.equal(authorize(asked('get', 'pods', { user: { username: 'system:masters', groups: [] } })).allowed, false);
});

test('a name cannot be built that is taken for another user or group in kept decisions', () => {
  const { put, authorize } = setup();
  put(role('all', [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]));
  put(binding('ops', 'all', { kind: 'Group', name: 'ops' }));
  assert.equal(authorize(asked('get', 'pods', { user: { username: 'x', groups: ['ops'] } })).allowed, true);
  assert.equal(authorize(asked('get', 'pods', { user: { username: 'x","ops', groups: [] } })).allowed, false);
  assert.equal(authorize(asked('get', 'pods', { user: { username: 'x', groups: [] }, name: 'ops' })).allowed, false);
});
