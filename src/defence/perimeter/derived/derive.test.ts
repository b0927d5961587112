import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import type { Call, Observations } from '../../../api/observations/observation.ts';
import { noObservations } from '../../../api/observations/observation.ts';
import { clusterRole, clusterRoleBinding, rule } from '../../../api/rbac/write-rule.ts';
import { account, clusterOf, namespace } from '../../testing/worlds.ts';
import { deriveRoles } from './derive.ts';
import { writeRoles } from './render.ts';

const dayMs = 24 * 3600 * 1000;
const robot = 'system:serviceaccount:a:robot';
const seen = { firstMs: 0, lastMs: 8 * dayMs, count: 50 };

const call = (verb: string, resource: string, more: Partial<Call> = {}): Call => ({
  ...{
    ...seen,
    user: robot,
    groups: [],
    verb,
    resource,
    group: '',
    subresource: '',
    namespace: 'a',
    name: '',
    path: '',
  },
  ...{ allowed: true, ...more },
});
const watched = (calls: Call[], days = 8): Observations => ({
  ...noObservations(),
  calls,
  windows: { ...noObservations().windows, calls: [{ source: 'apiserver', fromMs: 0, toMs: days * dayMs, lost: 0 }] },
});

const wide = [
  namespace('a'),
  clusterRole('wide', [rule('get list watch create delete', '', 'pods secrets')]),
  clusterRoleBinding('wide', 'wide', [account('a', 'robot'), account('a', 'other')]),
];
const rulesIn = (calls: Call[]) =>
  deriveRoles(clusterOf(wide), watched(calls), []).users[0]!.objects.flatMap(({ kind, metadata, rules }) =>
    rules === undefined ? [] : [{ in: metadata.namespace ?? kind, rules }],
  );

test('a role for each namespace, a ClusterRole only for what is asked everywhere', () => {
  const calls = [
    call('list', 'pods'),
    call('watch', 'pods'),
    call('list', 'pods', { namespace: 'b' }),
    call('get', 'nodes', { namespace: '' }),
  ];
  assert.deepEqual(rulesIn(calls), [
    { in: 'ClusterRole', rules: [{ verbs: ['get'], apiGroups: [''], resources: ['nodes'] }] },
    { in: 'a', rules: [{ verbs: ['list', 'watch'], apiGroups: [''], resources: ['pods'] }] },
    { in: 'b', rules: [{ verbs: ['list'], apiGroups: [''], resources: ['pods'] }] },
  ]);
  const both = [call('list', 'pods'), call('list', 'pods', { namespace: '' })];
  assert.deepEqual(
    rulesIn(both).map((rules) => rules.in),
    ['ClusterRole'],
  );
});

test('names are kept where they are few and lasting, and only for verbs that have one', () => {
  const named = (verb: string, name: string, more = {}) => call(verb, 'secrets', { name, ...more });
  assert.deepEqual(rulesIn([named('get', 'one'), named('get', 'two')])[0]!.rules[0]!.resourceNames, ['one', 'two']);
  assert.equal(
    rulesIn([named('get', 'one'), named('get', 'job-x7f2', { count: 1 })])[0]!.rules[0]!.resourceNames,
    undefined,
  );
  assert.equal(rulesIn([named('get', '*')])[0]!.rules[0]!.resourceNames, undefined);
  assert.equal(rulesIn([named('create', 'one')])[0]!.rules[0]!.resourceNames, undefined);
  assert.equal(rulesIn(['a', 'b', 'c', 'd'].map((name) => named('get', name)))[0]!.rules[0]!.resourceNames, undefined);
});

test('every call that was seen stays allowed with the new roles alone; the user leaves the old bindings', () => {
  const calls = [
    ...[
      call('list', 'pods'),
      call('get', 'pods', { subresource: 'log', name: 'x' }),
      call('get', '', { path: '/metrics', namespace: '' }),
    ],
    ...[call('get', 'things', { group: 'example.com', name: '*' }), call('get', 'namespaces', { name: 'a' })],
    call('delete', 'secrets', { allowed: false }),
  ];
  const [derived] = deriveRoles(clusterOf(wide), watched(calls), []).users;
  assert.deepEqual(derived!.denied, []);
  assert.equal(derived!.allowed, 5);
  const binding = derived!.changes.find((change) => 'put' in change && change.put.metadata.name === 'wide') as any;
  assert.deepEqual(binding.put.subjects, [account('a', 'other')]);
});

test('paths of which too many were seen are in no role, and that is said', () => {
  const calls = [call('list', 'pods'), call('get', '', { path: '*', namespace: '' })];
  assert.deepEqual(rulesIn(calls), [{ in: 'a', rules: [{ verbs: ['list'], apiGroups: [''], resources: ['pods'] }] }]);
  const [derived] = deriveRoles(clusterOf(wide), watched(calls), []).users;
  assert.deepEqual(derived!.denied, []);
  assert.match(derived!.warnings.join(), /more paths than are kept one by one/);
});

test('rights that were held and not used are counted', () => {
  const { held } = deriveRoles(clusterOf(wide), watched([call('list', 'pods')]), []).users[0]!;
  assert.deepEqual([held.rights, held.unused, held.examples[0]], [10, 9, 'get pods']);
});

test('a short window, lost calls and no window at all are said', () => {
  const few = watched([call('list', 'pods')], 2);
  few.windows.calls[0]!.lost = 3;
  assert.deepEqual(deriveRoles(clusterOf(wide), few, []).warnings, [
    'only 2 d were watched: what happens once a week may be missing',
    '3 calls or more were lost: what they needed may be missing',
  ]);
  const none = deriveRoles(clusterOf(wide), noObservations(), [robot]);
  assert.match(none.notAssessed[0]!, /nobody watched/);
  assert.deepEqual(none.users[0]!.changes, []);
});

test('rights that no request shows are warned of', () => {
  const writes = call('create', 'rolebindings', { group: 'rbac.authorization.k8s.io' });
  assert.match(deriveRoles(clusterOf(wide), watched([writes]), []).users[0]!.warnings[0]!, /rights that it hands out/);
});

test('the cluster’s own users are left alone unless they are named', () => {
  const own = [
    call('list', 'pods', { user: 'system:kube-scheduler' }),
    call('list', 'pods', { user: 'system:serviceaccount:kube-system:x' }),
  ];
  assert.deepEqual(deriveRoles(clusterOf(wide), watched(own), []).users, []);
  assert.equal(deriveRoles(clusterOf(wide), watched(own), ['system:kube-scheduler']).users.length, 1);
});

test('whom no role limits is told', () => {
  const warnings = (groups: string[]) =>
    deriveRoles(clusterOf(wide), watched([call('list', 'pods', { groups })]), []).users[0]!.warnings.join();
  assert.match(warnings(['system:masters']), /system:masters, whom no role limits/);
  assert.doesNotMatch(warnings([]), /system:masters/);
});

test('users whose names make the same file name are written to files of their own', () => {
  const users = ['dev:a', 'dev-a', 'Dev-a'];
  const calls = users.map((user) => call('list', 'pods', { user }));
  const folder = mkdtempSync(join(tmpdir(), 'rempart-roles-'));
  try {
    const files = writeRoles(deriveRoles(clusterOf(wide), watched(calls), []), folder);
    assert.equal(new Set(files.map((file) => basename(file).toLowerCase())).size, users.length);
    const titles = files.map((file) => readFileSync(file, 'utf8').match(/roles for (.*), from/)![1]);
    assert.deepEqual(titles.sort(), users.toSorted());
  } finally {
    rmSync(folder, { recursive: true });
  }
});
