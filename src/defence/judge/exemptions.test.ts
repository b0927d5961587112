import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PolicyRule, uncovered } from '../../api/rbac/rules.ts';
import { clusterRole, clusterRoleBinding, role, rule, user, userGroup } from '../../api/rbac/write-rule.ts';
import { bootstrapObjects } from '../../cluster/control-plane/bootstrap-objects.ts';
import { createControllers } from '../../controllers/controllers.ts';
import { rolesFor } from '../../reconcile/permissions.ts';
import { checks } from '../checks.ts';
import type { Manifest } from '../contract.ts';
import { kubernetesRoles } from '../testing/kubernetes-roles.ts';
import { clusterOf } from '../testing/worlds.ts';
import { exemptionFor, withOrigin } from './exemptions.ts';
import { contextOf, type Failure, judge } from './judge.ts';
import { kubernetesRules, rempartRules } from './system-rights.ts';

const ofRights = checks.filter(({ id }) => id.startsWith('rbac/'));
function failuresOf(...objects: Manifest[]): Failure[] {
  return judge(
    objects.map((object) => ({ object })),
    ofRights,
    contextOf(clusterOf(objects)),
  ).failures;
}
const foreign = { closedByDefault: false };
const ours = { closedByDefault: true };
const standing = (...objects: Manifest[]) =>
  failuresOf(...objects).filter((failure) => !exemptionFor(failure, foreign));
const standingHere = (...objects: Manifest[]) =>
  failuresOf(...objects).filter((failure) => !exemptionFor(failure, ours));
const checksOf = (failures: Failure[]) => [...new Set(failures.map(({ check }) => check.id))].sort();

const secrets = rule('get list', '', 'secrets');
const escalate = rule('escalate', 'rbac.authorization.k8s.io', 'clusterroles');

/** Every role and binding that a new cluster of ours has. */
function ownRights(): Manifest[] {
  const controllers = createControllers({
    ...{ authority: '', volumesDirectory: '/volumes', podRange: '10.0.0.0/16' },
    sign: () => '',
  });
  const derived = controllers.flatMap((controller) => Object.values(rolesFor(controller)));
  return bootstrapObjects({ clientAuthority: '', derived }).filter(({ kind }) => kind.includes('Role'));
}

test('what a new cluster of ours consists of is waived', () => {
  // With one, those that are missing are missing indeed.
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'kube-system' } };
  const rights = ownRights();
  assert.ok(failuresOf(account, ...rights).some(({ check }) => check.id === 'rbac/dangling-binding'));
  assert.deepEqual(
    standingHere(account, ...rights).map(({ judged, check }) => [judged.object.metadata.name, check.id]),
    [],
  );
});

test('what Kubernetes makes by itself is waived', () => {
  const roles = [...kubernetesRoles].map(([name, rules]) => {
    const [namespace = '', own] = name.split('/');
    return own === undefined ? clusterRole(name, rules) : role(namespace, own, rules);
  });
  assert.deepEqual(new Set(failuresOf(...roles).map(({ judged }) => judged.object)), new Set(roles));
  assert.deepEqual(standing(...roles), []);
});

test('what is waived of a role is no more than the role holds', () => {
  const roles = ownRights().filter(({ kind }) => kind === 'ClusterRole');
  const own = new Map(roles.map(({ metadata, rules }) => [metadata.name, rules as PolicyRule[]]));
  const beyond = (known: Record<string, PolicyRule[]>, roles: Map<string, PolicyRule[]>) =>
    Object.entries(known).flatMap(([name, rules]) => {
      const wider = uncovered(rules, roles.get(name) ?? []);
      return wider.length > 0 ? [[name, wider]] : [];
    });
  assert.deepEqual(beyond(kubernetesRules, kubernetesRoles), []);
  assert.deepEqual(beyond(rempartRules, own), []);
});

test('what only clusters of ours have is waived on these only', () => {
  const volumes = clusterRole('system:controller:local-path-release-controller', [
    rule('patch', '', 'persistentvolumes'),
  ]);
  const administrators = [
    clusterRole('cluster-admin', [rule('*', '*', '*')]),
    clusterRoleBinding('rempart:admins', 'cluster-admin', [userGroup('rempart:admins')]),
  ];
  assert.deepEqual(standingHere(volumes, ...administrators), []);
  assert.deepEqual(checksOf(standing(volumes, ...administrators)), ['rbac/cluster-admin', 'rbac/create-volumes']);
});

test('a role that only takes a name of the system is judged, and it is said whose it may be', () => {
  for (const name of ['system:anything', 'system:controller:anything', 'system:heapster']) {
    const found = standing(clusterRole(name, [secrets, escalate]));
    assert.deepEqual(checksOf(found), ['rbac/escalate', 'rbac/read-secrets'], name);
    for (const failure of found)
      assert.match(withOrigin(failure).finding.detail, /a distribution may have brought it: .*Exception/);
  }
  assert.deepEqual(checksOf(standing(clusterRole('rempart:anything', [secrets]))), ['rbac/read-secrets']);
  const [plain] = standing(clusterRole('constructor', [secrets]));
  assert.equal(withOrigin(plain!), plain);
});

test('what a role of the system holds beyond its own is judged, and nothing else of it', () => {
  const known: [string, PolicyRule][] = [
    ['system:node', rule('get list watch', '', 'configmaps secrets')],
    ['system:controller:job-controller', rule('create delete list patch watch', '', 'pods')],
    ['system:aggregate-to-edit', rule('impersonate', '', 'serviceaccounts')],
  ];
  for (const [name, own] of known) {
    assert.ok(failuresOf(clusterRole(name, [own])).length > 0, name);
    assert.deepEqual(standing(clusterRole(name, [own])), [], name);
    assert.deepEqual(checksOf(standing(clusterRole(name, [own, escalate]))), ['rbac/escalate'], name);
  }
  const volumes = clusterRole('rempart:volumes', [rule('create patch', '', 'persistentvolumes')]);
  assert.equal(standingHere(volumes).length, 1, 'it changes volumes, and makes none');
  const many = Array.from({ length: 10_001 }, (_, index) => `r${index}`).join(' ');
  const huge = rule('get', '', `secrets ${many}`);
  assert.deepEqual(checksOf(standing(clusterRole('system:node', [huge]))), ['rbac/read-secrets']);
});

test('a role of kube-system is the system’s own there only, not elsewhere and not everywhere', () => {
  const name = 'system:controller:token-cleaner';
  assert.deepEqual(standing(role('kube-system', name, [secrets])), []);
  for (const other of [role('shop', name, [secrets]), clusterRole(name, [secrets])])
    assert.deepEqual(checksOf(standing(other)), ['rbac/read-secrets'], other.kind);
});

test('admin, edit and view collect what is judged where it stands; with rules of their own they are judged', () => {
  const edit = clusterRole('edit', [secrets]);
  assert.deepEqual(standing({ ...edit, aggregationRule: { clusterRoleSelectors: [] } }), []);
  assert.deepEqual(checksOf(standing(edit)), ['rbac/read-secrets']);
});

test('a binding is the system’s own when it gives its role to its group and to nobody else', () => {
  const admin = clusterRole('cluster-admin', [rule('*', '*', '*')]);
  const masters = userGroup('system:masters');
  assert.deepEqual(standing(admin, clusterRoleBinding('cluster-admin', 'cluster-admin', [masters])), []);
  for (const binding of [
    clusterRoleBinding('cluster-admin', 'cluster-admin', [masters, user('system:somebody')]),
    clusterRoleBinding('system:anything', 'cluster-admin', [user('system:somebody')]),
    clusterRoleBinding('rempart:admins', 'cluster-admin', [userGroup('rempart:others')]),
  ])
    assert.ok(checksOf(standing(admin, binding)).includes('rbac/cluster-admin'), binding.metadata.name);
});

test('a binding of the system to a ServiceAccount that is missing is waived in kube-system only', () => {
  const there = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'shop' } };
  const bound = (name: string, namespace: string) =>
    standing(there, clusterRoleBinding(name, 'view', [{ kind: 'ServiceAccount', namespace, name: 'nobody' }]));
  assert.deepEqual(bound('system:controller:job-controller', 'kube-system'), []);
  assert.deepEqual(checksOf(bound('system:anything', 'shop')), ['rbac/dangling-binding']);
  assert.deepEqual(checksOf(bound('anything', 'kube-system')), ['rbac/dangling-binding']);
});
