import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../../test/property.ts';
import type { Call } from '../../api/observations/observation.ts';
import { noObservations } from '../../api/observations/observation.ts';
import { type PolicyRule, ruleAllows } from '../../api/rbac/rules.ts';
import { refOf } from '../object-ref.ts';
import { attributesOf } from '../observations/calls.ts';
import { type Change, withChanges } from '../snapshot/snapshot.ts';
import { allowListChange } from './changes/client-allow-list.ts';
import { preview, subjectText } from './preview.ts';
import { clusterOf, namespace, object, running, watched } from './testing/cluster.ts';

const rbac = 'rbac.authorization.k8s.io/v1';
const role = (rules: PolicyRule[]) => object(rbac, 'Role', 'reader', { rules });
const binding = object(rbac, 'RoleBinding', 'reader', {
  roleRef: { kind: 'Role', name: 'reader' },
  subjects: [{ kind: 'ServiceAccount', namespace: 'shop', name: 'api' }],
});
const user = 'system:serviceaccount:shop:api';
const call = (verb: string, resource: string, changes: Partial<Call> = {}): Call => ({
  ...{ user, groups: ['system:serviceaccounts', 'system:authenticated'], verb, resource, group: '', subresource: '' },
  ...{ namespace: 'shop', name: '', path: '', allowed: true, firstMs: 0, lastMs: 1000, count: 2, ...changes },
});
const reading: PolicyRule[] = [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['configmaps', 'secrets'] }];
const cluster = clusterOf([
  namespace('shop'),
  role(reading),
  binding,
  ...running('api', 1, ['10.0.0.1'], { serviceAccountName: 'api' }),
]);
const told = (changes: Change[], calls: Call[], at = cluster) =>
  preview(at, changes, watched({ calls }), 0).impacts.map(
    ({ outcome, subject }) => `${outcome} ${subjectText(subject)}`,
  );

test('a narrower role breaks the calls that were seen, with a role that would allow exactly them', () => {
  const narrow: Change = { put: role([{ verbs: ['get'], apiGroups: [''], resources: ['configmaps'] }]) };
  const calls = [
    call('get', 'configmaps', { name: 'a' }),
    call('list', 'secrets'),
    call('get', 'pods', { allowed: false }),
  ];
  assert.deepEqual(told([narrow], calls), [
    `breaks ${user}: list secrets in shop`,
    'unknown ServiceAccount shop/api in shop',
    `safe ${user}: get configmaps in shop`,
  ]);
  const { impacts } = preview(cluster, [narrow], watched({ calls }), 0);
  assert.deepEqual(impacts[0]!.by, ['RoleBinding shop/reader', 'Role shop/reader']);
  assert.match(impacts[1]!.why, /may no longer .*"secrets".*Verbs:\["get"\].*not seen in 60 min.*1 pod runs as it/s);
  const [allowed] = impacts[0]!.allowance!.changes as { put: any }[];
  assert.deepEqual(allowed!.put.rules, [{ apiGroups: [''], resources: ['secrets'], verbs: ['list'] }]);
  assert.deepEqual(
    told([narrow, ...impacts[0]!.allowance!.changes], calls).filter((text) => text.startsWith('breaks')),
    [],
  );
});

test('calls show that a right is used where they were made and for what they name, and nowhere else', () => {
  const getting = (resourceNames?: string[]): PolicyRule[] => [
    { verbs: ['get'], apiGroups: [''], resources: ['configmaps'], ...(resourceNames && { resourceNames }) },
  ];
  const everywhere = (rules: PolicyRule[]) => object(rbac, 'ClusterRole', 'all', { rules }, { namespace: undefined });
  const roleRef = { kind: 'ClusterRole', name: 'all' };
  const bare = { ...binding, roleRef, kind: 'ClusterRoleBinding', metadata: { name: 'all' } };
  const here = { ...bare, kind: 'RoleBinding', metadata: { name: 'all', namespace: 'shop' } };
  const seen = [call('get', 'configmaps', { name: 'a' })];
  const at = (rules: PolicyRule[]) => clusterOf([namespace('shop'), everywhere(rules), bare]);
  const safe = `safe ${user}: get configmaps in shop`;
  const narrowed: Change[] = [{ remove: refOf(bare) }, { put: here }];
  assert.deepEqual(told(narrowed, seen, at(getting())), ['unknown ServiceAccount shop/api everywhere', safe]);
  const named: Change = { put: everywhere(getting(['a'])) };
  assert.deepEqual(told([named], seen, at(getting())), ['unknown ServiceAccount shop/api everywhere', safe]);
  const many = [call('get', 'configmaps', { name: '*' })];
  const { impacts, coverage } = preview(at(getting(['a', 'b'])), [named], watched({ calls: many }), 0);
  assert.match(impacts[0]!.why, /may no longer .*ResourceNames:\["b"\].* everywhere/);
  assert.deepEqual(coverage.notAssessed, [], 'no other authorizer is needed for them');
});

test('calls of which the paths are not known break by nothing, and are unknown where some path is lost', () => {
  const paths = (...nonResourceURLs: string[]) => role([...reading, { verbs: ['get'], nonResourceURLs }]);
  const clusterRole = (...urls: string[]) => ({ ...paths(...urls), kind: 'ClusterRole', metadata: { name: 'paths' } });
  const bound = {
    ...object(rbac, 'ClusterRoleBinding', 'paths', {}, { namespace: undefined }),
    roleRef: { kind: 'ClusterRole', name: 'paths' },
    subjects: binding['subjects'],
  };
  const at = clusterOf([namespace('shop'), clusterRole('/apis/*', '/metrics'), bound]);
  const many = call('get', '', { path: '*', namespace: '' });
  const lost = preview(at, [{ put: clusterRole('/apis/*') }], watched({ calls: [many] }), 0).impacts;
  const found = lost.find(({ subject }) => subject.type === 'call');
  assert.equal(found?.outcome, 'unknown');
  assert.match(found!.why, /more paths than are kept one by one, and may no longer .*\/metrics/);
  assert.equal(found!.allowance, undefined);
  assert.ok(
    lost.some(({ subject }) => subject.type === 'rights'),
    'the calls do not show that it is used',
  );
  assert.ok(told([{ put: clusterRole('/apis/*', '/metrics', '/logs') }], [many], at).includes(`safe ${user}: get *`));
});

test('a removed binding, a wider role, and rights that nobody watched', () => {
  const remove: Change = {
    remove: { kind: 'RoleBinding.rbac.authorization.k8s.io', namespace: 'shop', name: 'reader' },
  };
  assert.deepEqual(told([remove], [call('list', 'secrets')])[0], `breaks ${user}: list secrets in shop`);
  const wide: Change = { put: role([...reading, { verbs: ['delete'], apiGroups: [''], resources: ['pods'] }]) };
  assert.deepEqual(told([wide], [call('delete', 'pods', { allowed: false })]), [
    `opens ${user}: delete pods in shop`,
    'opens ServiceAccount shop/api in shop',
  ]);
  const { impacts } = preview(cluster, [remove], noObservations(), 0);
  assert.equal(impacts.length, 1);
  assert.match(impacts[0]!.why, /nobody watched/);
});

test('what a node’s own authorizer allows is not taken for a role’s doing', () => {
  const node = call('get', 'secrets', { user: 'system:node:n1', groups: ['system:nodes'] });
  const bound: Change = {
    put: { ...binding, subjects: [{ kind: 'Group', name: 'system:nodes' }], roleRef: { kind: 'Role', name: 'absent' } },
  };
  const given = withChanges(cluster, [{ put: { ...binding, subjects: [{ kind: 'Group', name: 'system:nodes' }] } }]);
  const { impacts, coverage } = preview(given, [bound], watched({ calls: [{ ...node, resource: 'pods' }] }), 0);
  assert.deepEqual(
    impacts.filter(({ outcome }) => outcome === 'breaks'),
    [],
  );
  assert.ok(coverage.notAssessed.some((text) => text.startsWith('1 kinds of calls are allowed by something other')));
});

test('for random rules and calls the outcome is what the rules say before and after', () => {
  const some = (...values: string[]) => fc.subarray(values, { minLength: 1 });
  const rules = fc.array(
    fc.record({
      verbs: some('get', 'list', '*'),
      apiGroups: some('', 'apps'),
      resources: some('pods', 'secrets', 'pods/log', '*'),
    }),
    { maxLength: 3 },
  );
  const calls = fc.array(
    fc.record({
      verb: fc.constantFrom('get', 'list', 'delete'),
      group: fc.constantFrom('', 'apps'),
      resource: fc.constantFrom('pods', 'secrets'),
      subresource: fc.constantFrom('', 'log'),
    }),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(rules, rules, calls, (before, after, drawn) => {
      const at = clusterOf([role(before), binding]);
      const seen = drawn.map(({ verb, resource, ...rest }) => call(verb, resource, { ...rest, allowed: false }));
      const { impacts } = preview(at, [{ put: role(after) }], watched({ calls: seen }), 0);
      if (JSON.stringify(before) === JSON.stringify(after)) return;
      for (const each of seen) {
        const [was, will] = [before, after].map((list) => list.some((rule) => ruleAllows(rule, attributesOf(each))));
        const expected = will ? (was ? 'safe' : 'opens') : was ? 'breaks' : undefined;
        const { resource, subresource, group, verb } = each;
        const text = `${user}: ${verb} ${resource}${group && `.${group}`}${subresource && `/${subresource}`} in shop`;
        const found = impacts.find(({ subject }) => subjectText(subject) === text);
        assert.equal(found?.outcome, expected, text);
      }
      for (const { allowance } of impacts) assert.ok(allowance === undefined || allowance.changes.length === 2);
    }),
    { numRuns: 200 },
  );
});

test('an allow-list is held against the addresses of clients that were seen', () => {
  const address = (text: string, name: string) => ({ address: text, user: name, firstMs: 0, lastMs: 0, count: 1 });
  const addresses = [
    address('127.0.0.1', 'admin'),
    address('192.0.2.7', 'jane'),
    address('::ffff:192.0.2.9', 'joe'),
    address('198.51.100.1', 'ci'),
  ];
  const { impacts } = preview(clusterOf([]), [allowListChange(['192.0.2.0/24'])], watched({ addresses }), 0);
  assert.deepEqual(
    impacts.map(({ outcome, subject }) => `${outcome} ${subjectText(subject)}`),
    [
      ...['breaks 198.51.100.1 (ci)', 'unknown every address that is not in the list'],
      ...['safe 127.0.0.1 (admin)', 'safe 192.0.2.7 (jane)', 'safe ::ffff:192.0.2.9 (joe)'],
    ],
  );
  const everything = preview(clusterOf([]), [allowListChange(['0.0.0.0/0', '::/0'])], watched({ addresses }), 0);
  assert.ok(everything.impacts.every(({ outcome }) => outcome === 'safe'));
  assert.throws(
    () => preview(clusterOf([]), [allowListChange(['everywhere'])], watched({ addresses }), 0),
    /not a range/,
  );
});

test('anonymous requests that were seen break when they are refused; health always answers', () => {
  const mode = (spec: string) =>
    object(
      'defence.rempart.io/v1alpha1',
      'Protection',
      'anonymous-access',
      { spec: { mode: spec } },
      { namespace: undefined },
    );
  const anonymous = (path: string, resource = '') =>
    call('get', resource, { user: 'system:anonymous', groups: ['system:unauthenticated'], path });
  const open = clusterOf([mode('off')]);
  assert.deepEqual(told([{ put: mode('enforce') }], [anonymous('/readyz'), anonymous('', 'pods')], open), [
    'breaks system:anonymous: get pods in shop',
    'safe system:anonymous: get /readyz',
  ]);
  assert.deepEqual(told([{ put: mode('off') }], [], clusterOf([mode('enforce')])), [
    'opens requests without credentials',
  ]);
  const given = (rules: PolicyRule[]) => [
    object(rbac, 'ClusterRole', 'reader', { rules }, { namespace: undefined }),
    {
      ...{ apiVersion: rbac, kind: 'ClusterRoleBinding', metadata: { name: 'reader' } },
      ...{
        roleRef: { kind: 'ClusterRole', name: 'reader' },
        subjects: [{ kind: 'Group', name: 'system:unauthenticated' }],
      },
    },
  ];
  const closing = (rules: PolicyRule[]) =>
    told([{ put: mode('enforce') }], [], clusterOf([mode('off'), ...given(rules)]));
  assert.deepEqual(closing(reading), ['unknown requests without credentials'], 'once a week, perhaps');
  assert.deepEqual(closing([{ verbs: ['get'], nonResourceURLs: ['/healthz', '/version'] }]), []);
});

test('in manifests a binding to a role that every cluster brings along is one to that role', () => {
  const editing = {
    ...binding,
    roleRef: { kind: 'ClusterRole', name: 'edit' },
    metadata: { name: 'edit', namespace: 'shop' },
  };
  const files = clusterOf([namespace('shop'), editing as typeof binding], { source: 'manifests' });
  assert.deepEqual(told([{ remove: refOf(editing as typeof binding) }], [call('list', 'secrets')], files).slice(0, 1), [
    'breaks system:serviceaccount:shop:api: list secrets in shop',
  ]);
});
