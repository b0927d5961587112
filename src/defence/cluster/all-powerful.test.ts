import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterRole, clusterRoleBinding, rule } from '../../api/rbac/write-rule.ts';
import type { Manifest } from '../contract.ts';
import { contextOf } from '../judge/judge.ts';
import { judgeOne } from '../judge/verdict.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { withChanges } from '../snapshot/snapshot.ts';
import { account, clusterOf } from '../testing/worlds.ts';
import { allPowerful } from './checks/all-powerful.ts';

const robot = account('shop', 'robot');
const everything = clusterRole('everything', [rule('*', '*', '*')]);
const bound = (role: string, name = role): Manifest => clusterRoleBinding(name, role, [robot]);
const verdictIn = (binding: Manifest, snapshot: Snapshot) => judgeOne(allPowerful, binding, contextOf(snapshot));
const verdictOf = (source: Snapshot['source'], binding: Manifest, ...others: Manifest[]) =>
  verdictIn(binding, clusterOf([binding, ...others], { source }));

test('what a role allows that is not among the manifests is not known; in a cluster it allows nothing', () => {
  assert.deepEqual(verdictOf('manifests', bound('elsewhere')), {
    verdict: 'not assessed',
    why: 'what ClusterRole elsewhere allows is not known: it is not among the manifests',
  });
  assert.equal(verdictOf('cluster', bound('elsewhere')).verdict, 'pass');
});

test('so is what another binding of the same subject adds; what is enough by itself is enough', () => {
  const reader = clusterRole('reader', [rule('get', '', 'secrets')]);
  assert.equal(verdictOf('manifests', bound('reader'), reader).verdict, 'pass');
  assert.equal(verdictOf('manifests', bound('reader'), reader, bound('elsewhere')).verdict, 'not assessed');
  assert.equal(verdictOf('manifests', bound('everything'), everything, bound('elsewhere')).verdict, 'fail');
});

test('what every cluster has is known without being there', () => {
  for (const name of ['view', 'admin', 'system:auth-delegator'])
    assert.equal(verdictOf('manifests', bound(name)).verdict, 'pass', name);
  const binder = clusterRole('binder', [rule('bind', 'rbac.authorization.k8s.io', 'clusterroles')]);
  assert.equal(verdictOf('manifests', bound('admin'), binder, bound('binder')).verdict, 'fail');
});

test('who makes pods by another object makes pods', () => {
  const rbac = 'rbac.authorization.k8s.io';
  const rules = [rule('list', '', 'secrets'), rule('create', rbac, 'clusterrolebindings')];
  assert.equal(verdictOf('manifests', bound('a'), clusterRole('a', rules)).verdict, 'pass');
  for (const [group, resource] of [
    ['apps', 'daemonsets'],
    ['apps', 'replicasets'],
    ['', 'replicationcontrollers'],
    ['batch', 'jobs'],
  ] as const) {
    const more = clusterRole('a', [...rules, rule('create', group, resource)]);
    assert.equal(verdictOf('manifests', bound('a'), more).verdict, 'fail', resource);
  }
});

test('cluster-admin is told where it is bound, and not of each other binding of its subject', () => {
  const admin = clusterRole('cluster-admin', [rule('*', '*', '*')]);
  const view = clusterRole('view', [rule('get', '', 'pods')]);
  assert.equal(verdictOf('cluster', bound('view'), view, admin, bound('cluster-admin')).verdict, 'pass');
});

test('a role that changes is looked at again', () => {
  const binding = bound('everything');
  const before = clusterOf([binding, everything]);
  assert.equal(verdictIn(binding, before).verdict, 'fail');
  const after = withChanges(before, [{ put: clusterRole('everything', [rule('get', '', 'pods')]) }]);
  assert.equal(verdictIn(binding, after).verdict, 'pass');
});
