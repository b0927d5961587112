import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserInfo } from '../user.ts';
import { serviceAccountOf, serviceAccountUser } from './identity.ts';
import { bindingText, createRoleIndex, roleText } from './role-index.ts';
import { aggregatedRole, clusterRole, clusterRoleBinding, role, roleBinding, rule, userGroup } from './write-rule.ts';

const index = createRoleIndex({
  roles: [role('shop', 'secrets', [rule('get', '', 'secrets', 'database')])],
  clusterRoles: [aggregatedRole('view'), clusterRole('pods', [rule('get list', '', 'pods')], 'view')],
  roleBindings: [
    { ...roleBinding('shop', 'api', 'secrets', []), subjects: [{ kind: 'ServiceAccount', name: 'api' }] },
    roleBinding('shop', 'gone', 'no-such-role', [userGroup('dev')]),
  ],
  clusterRoleBindings: [clusterRoleBinding('everybody-views', 'view', [userGroup('system:serviceaccounts:shop')])],
});
const asked = (user: UserInfo, verb: string, resource: string, name = '', namespace = 'shop') =>
  index.allowed({ user, verb, group: '', version: 'v1', resource, subresource: '', namespace, name });

test('what allows is named: binding, role and rule; a service account is of its binding’s namespace', () => {
  const found = asked(serviceAccountUser('shop', 'api'), 'get', 'secrets', 'database')!;
  assert.equal(bindingText(found.grant), 'RoleBinding "shop/api"');
  assert.equal(roleText(found.grant), 'Role "secrets"');
  assert.deepEqual(found.rule.resourceNames, ['database']);
  assert.equal(asked(serviceAccountUser('shop', 'api'), 'get', 'secrets', 'other'), undefined);
  assert.equal(asked(serviceAccountUser('other', 'api'), 'get', 'secrets', 'database'), undefined);
});

test('groups of service accounts count, and aggregated roles hold what they collect', () => {
  assert.equal(
    bindingText(asked(serviceAccountUser('shop', 'web'), 'list', 'pods', '', '')!.grant),
    'ClusterRoleBinding "everybody-views"',
  );
  assert.equal(asked(serviceAccountUser('other', 'web'), 'list', 'pods', '', ''), undefined);
});

test('a binding whose role does not exist gives nothing and is told', () => {
  assert.deepEqual(
    index.dangling.map(({ metadata }) => metadata.name),
    ['gone'],
  );
  assert.equal(index.grants.length, 2);
});

test('only a complete name is one of a service account', () => {
  assert.deepEqual(serviceAccountOf('system:serviceaccount:shop:api'), { namespace: 'shop', name: 'api' });
  for (const name of [
    'system:serviceaccount:shop',
    'system:serviceaccount:shop:api:x',
    'system:serviceaccount::api',
    'api',
  ])
    assert.equal(serviceAccountOf(name), undefined, name);
});

test('roles that all collect each other are looked at once each', () => {
  const count = 60;
  const labels = { 'rbac.authorization.k8s.io/aggregate-to-all': 'true' };
  let reads = 0;
  const collecting = Array.from({ length: count }, (_, number) => ({
    ...aggregatedRole('all'),
    metadata: {
      name: `all-${number}`,
      get labels() {
        reads++;
        return labels;
      },
    },
  }));
  const leaf = clusterRole('leaf', [rule('get', '', 'pods')], 'all');
  const { clusterRoles } = createRoleIndex({
    ...{ roles: [], roleBindings: [], clusterRoleBindings: [], clusterRoles: [...collecting, leaf] },
  });
  for (const { rules } of clusterRoles.values()) assert.deepEqual(rules, [rule('get', '', 'pods')]);
  assert.ok(reads <= count ** 3, `${reads} roles were looked at`);
});
