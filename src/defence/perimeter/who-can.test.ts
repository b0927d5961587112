import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  clusterRole,
  clusterRoleBinding,
  paths,
  role,
  roleBinding,
  rule,
  userGroup,
} from '../../api/rbac/write-rule.ts';
import type { Manifest } from '../contract.ts';
import { createSnapshot } from '../snapshot/snapshot.ts';
import { clusterOf, heldIn } from '../testing/worlds.ts';
import { examplePod } from '../workload.ts';
import { readRightQuery } from './right-query.ts';
import { whoCan } from './who-can.ts';

const account = (name: string) => ({ kind: 'ServiceAccount', namespace: 'shop', name }) as const;

const objects: Manifest[] = [
  role('shop', 'one', [rule('get', '', 'secrets', 'database')]),
  role('shop', 'maker', [rule('create', '', 'secrets', 'database')]),
  clusterRole('wild', [rule('*', '*', '*'), paths('get', '/metrics/*')]),
  roleBinding('shop', 'api', 'one', [account('api')]),
  roleBinding('shop', 'maker', 'maker', [account('maker')]),
  clusterRoleBinding('ops', 'wild', [userGroup('ops')]),
  clusterRoleBinding('robots', 'wild', [userGroup('system:serviceaccounts:shop')]),
  examplePod(({ metadata, spec }) => {
    metadata.name = 'api';
    spec.serviceAccountName = 'api';
    spec.automountServiceAccountToken = true;
  }),
];
const snapshot = createSnapshot({
  ...{ source: 'cluster', closedByDefault: true, takenAtMs: 0, minor: 36, unread: [], objects },
});
const ask = (verb: string, what: string, options = {}) =>
  whoCan(snapshot, readRightQuery(verb, what, options)).holders.map(
    ({ subject, names, binding }) =>
      `${subject.kind} ${subject.name} by ${binding.name}${names.map((name) => ` ${name}`).join('')}`,
  );

test('subjects with binding and names; wildcards and groups of service accounts count', () => {
  const wild = ['Group ops by ops', 'Group system:serviceaccounts:shop by robots'];
  assert.deepEqual(ask('get', 'secrets'), [...wild, 'ServiceAccount api by api database']);
  assert.deepEqual(ask('get', 'secrets', { name: 'database' }), [...wild, 'ServiceAccount api by api database']);
  assert.deepEqual(ask('get', 'secrets', { name: 'other' }), wild);
  assert.deepEqual(ask('get', 'secrets', { namespace: 'other' }), wild);
  assert.deepEqual(ask('get', 'nodes'), wild);
});

test('a rule for names lets create those only that it lets patch, by an apply: a POST asks without the name', () => {
  assert.deepEqual(ask('create', 'secrets'), ['Group ops by ops', 'Group system:serviceaccounts:shop by robots']);
  const named = (verbs: string) =>
    whoCan(
      clusterOf(heldIn('shop', 'r', [rule(verbs, '', 'secrets', 'one two')], account('api'))),
      readRightQuery('create', 'secrets', { namespace: 'shop' }),
    ).holders.map(({ names }) => names);
  assert.deepEqual(named('create get'), []);
  assert.deepEqual(named('create patch'), [['one', 'two']]);
});

test('what runs as the subject is named, with how many pods and whether they hold the token', () => {
  const { holders } = whoCan(snapshot, readRightQuery('get', 'secrets', {}));
  const runs = [{ ref: { kind: 'Pod', namespace: 'shop', name: 'api' }, pods: 1, token: true }];
  assert.deepEqual(
    holders.map(({ runs }) => runs),
    [[], runs, runs],
  );
});

test('a ServiceAccount that a binding names as a user is told as what it is, with what runs as it', () => {
  const byName = clusterRoleBinding('sly', 'wild', [{ kind: 'User', name: 'system:serviceaccount:shop:api' }]);
  const { holders } = whoCan(createSnapshot({ ...snapshot, objects: [...objects, byName] }), {
    ...readRightQuery('list', 'nodes', {}),
  });
  const found = holders.find(({ binding }) => binding.name === 'sly')!;
  assert.deepEqual(found.subject, account('api'));
  assert.deepEqual(
    found.runs.map(({ ref }) => ref.name),
    ['api'],
  );
});

test('paths, subresources and groups are read as people write them', () => {
  assert.deepEqual(ask('get', '/metrics/x'), ['Group ops by ops', 'Group system:serviceaccounts:shop by robots']);
  assert.equal(readRightQuery('patch', 'deployments/scale', {}).group, 'apps');
  assert.deepEqual(readRightQuery('get', 'things/status.example.com', {}), {
    ...{ verb: 'get', resource: 'things', subresource: 'status', group: 'example.com', name: '', namespace: undefined },
  });
  assert.throws(() => readRightQuery('get', 'secret', {}), /no built-in resource "secret"/);
});

test('where roles were not read, it says so', () => {
  const kind = 'ClusterRoleBinding.rbac.authorization.k8s.io';
  const unread = createSnapshot({ ...snapshot, unread: [{ kind, why: 'forbidden' }] });
  assert.deepEqual(whoCan(unread, readRightQuery('get', 'secrets', {})).notAssessed, [`${kind}: forbidden`]);
  assert.match(
    whoCan(createSnapshot({ ...snapshot, closedByDefault: false }), readRightQuery('get', 'pods', {})).notAssessed[0]!,
    /ABAC/,
  );
});
