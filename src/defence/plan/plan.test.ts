import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Call, Observations } from '../../api/observations/observation.ts';
import { noObservations } from '../../api/observations/observation.ts';
import { clusterRole, clusterRoleBinding, rule } from '../../api/rbac/write-rule.ts';
import type { Manifest } from '../contract.ts';
import { loadManifests } from '../manifests/load.ts';
import { changesText } from '../report/write-changes.ts';
import { createSnapshot } from '../snapshot/snapshot.ts';
import { account, clusterOf, heldIn, namespace, node, pod, secret } from '../testing/worlds.ts';
import { commandOf, plan, writePlan } from './plan.ts';
import { renderPlan } from './render.ts';

const dayMs = 24 * 3600 * 1000;
const options = { limit: 10, nowMs: 30 * dayMs };

const service: Manifest = {
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'a', name: 'web' } },
  spec: { type: 'LoadBalancer', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
};
const bound = clusterRoleBinding('all', 'all', [account('a', 'web'), { kind: 'User', name: 'anna' }]);
const careless = [
  ...[namespace('a'), node('n1'), secret('a', 'one'), clusterRole('all', [rule('*', '*', '*')]), bound, service],
  pod('a', 'web', { automountServiceAccountToken: true }, '10.1.0.1'),
];

test('what removes most stands first, and every step is tried: no path is left', () => {
  const made = plan(clusterOf(careless), noObservations(), options);
  const paths = made.steps.filter(({ type }) => type === 'path');
  assert.deepEqual(paths.map(({ what }) => what[0]).sort(), [
    'take ServiceAccount a/web out of ClusterRoleBinding "all"',
    'take User anna out of ClusterRoleBinding "all"',
  ]);
  const removed = paths.reduce((sum, { removes }) => sum + removes, 0);
  assert.ok(Math.abs(made.before.points - removed - made.after.points) < 1e-9);
  assert.equal(made.after.points, 0);
  assert.match(paths.flatMap(({ why }) => why).join('\n'), /closes the Internet → Pod a\/web \(?/);
});

test('two steps on one object do not undo each other', () => {
  const { steps } = plan(clusterOf(careless), noObservations(), options);
  const touching = steps.filter(({ type }) => type === 'path').map(({ changes }) => changes[0]!);
  assert.equal('put' in touching[0]! && touching[0].put['subjects'].length, 1);
  assert.deepEqual(touching[1], {
    remove: { kind: 'ClusterRoleBinding.rbac.authorization.k8s.io', namespace: '', name: 'all' },
  });
});

test('paths side by side, none of which helps alone, are cut together', () => {
  const rights = [rule('get', '', 'secrets')];
  const web = pod('a', 'web', { automountServiceAccountToken: true }, '10.1.0.1');
  const twice = ['one', 'two'].flatMap((name) => heldIn('a', name, rights, account('a', 'web')));
  const objects = [namespace('a'), secret('a', 's'), service, web, ...twice];
  const planned = (source: 'manifests' | 'cluster') => plan(clusterOf(objects, { source }), noObservations(), options);
  const made = planned('manifests');
  const [step] = made.steps.filter(({ type }) => type === 'path');
  assert.ok(step!.removes > 0);
  assert.equal(made.after.points, 0);
  const [live] = planned('cluster').steps.filter(({ type }) => type === 'path');
  assert.deepEqual([live!.byHand, live!.changes], [true, []], 'a pod that lives is not patched');
});

const call = (verb: string, resource: string): Call => ({
  ...{
    user: 'system:serviceaccount:a:web',
    groups: [],
    verb,
    resource,
    group: '',
    subresource: '',
    namespace: 'a',
    name: '',
  },
  ...{ path: '', allowed: true, firstMs: 0, lastMs: 30 * dayMs, count: 100 },
});
const watched = (calls: Call[]): Observations => ({
  ...noObservations(),
  calls,
  windows: { ...noObservations().windows, calls: [{ source: 'apiserver', fromMs: 0, toMs: 30 * dayMs, lost: 0 }] },
});

test('what was seen to be used is left by the least role; where nothing is, the binding goes', () => {
  const steps = (observations: Observations) => {
    const made = plan(clusterOf(careless), observations, options);
    assert.equal(made.after.points, 0);
    return made.steps.find(({ what }) => /a[/:]web/.test(what[0]!))!;
  };
  const used = steps(watched([call('list', 'pods'), call('get', 'configmaps')]));
  assert.equal(used.type, 'roles');
  assert.match(used.uses[0]!, /tried: all calls that were seen \(2 kinds\) stay allowed/);
  assert.equal(used.preview!.counts.breaks, 0);
  const quiet = steps(watched([]));
  assert.equal(quiet.type, 'path');
  assert.deepEqual(quiet.uses, ['no kinds of calls by it were seen']);
});

test('a step that breaks what was seen says so, and stands behind one that does not', () => {
  const anna = { ...call('get', 'secrets'), user: 'anna' };
  const { steps } = plan(clusterOf(careless), watched([anna]), { ...options, limit: 2 });
  const [first, second] = steps;
  assert.match(first!.what[0]!, /ServiceAccount a\/web/);
  assert.match(second!.what[0]!, /anna/i);
});

test('nothing watched, nothing read: it is said, and there is no score without it', () => {
  const unread = clusterOf(careless, { unread: [{ kind: 'Secret', why: 'forbidden' }] });
  const text = renderPlan(plan(unread, noObservations(), options));
  assert.match(text, /Not assessed[\s\S]*Secret: forbidden/);
  assert.match(text, /flows between pods: nobody watched them/);
  assert.match(text, /risk = Σ presence × value × 2\^/);
});

test('exceptions are listed with what they leave out; an expired one leaves out nothing, one that cannot count is told', () => {
  const waiver = (name: string, expires: string) =>
    JSON.stringify({
      ...{ apiVersion: 'defence.rempart.io/v1alpha1', kind: 'Exception', metadata: { name } },
      spec: {
        ...{ check: name, object: { kind: 'Service', namespace: 'a', name: 'web' } },
        ...{ reason: 'the public site', owner: 'web@example.org', expires },
      },
    });
  const data = {
    valid: waiver('exposure/load-balancer', '1970-02-01'),
    past: waiver('exposure/node-port', '1970-01-02'),
    broken: 'a: [1',
  };
  const labels = { 'defence.rempart.io/exceptions': 'true' };
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'a', name: 'e', labels }, data };
  const findingsOf = (objects: Manifest[]) => plan(clusterOf(objects), noObservations(), options).findings;
  const made = plan(clusterOf([...careless, map]), noObservations(), options);
  assert.deepEqual(
    made.exceptions.map(({ name, waives }) => [name, waives]),
    [
      ['exposure/load-balancer', 1],
      ['exposure/node-port', 0],
    ],
  );
  const sum = (findings: object) => Object.values(findings).reduce((all, count) => all + count, 0);
  assert.equal(sum(made.findings), sum(findingsOf(careless)) - 1);
  const text = renderPlan(made);
  assert.match(text, /ConfigMap a\/e, key valid.*until 1970-02-01, 1; the public site \(web@example\.org\)/);
  assert.match(text, /EXPIRED 1970-01-02/);
  assert.match(text, /Not assessed[\s\S]*exception in ConfigMap a\/e, key broken: line 1/);
});

test('each step is written as a file, with the command that makes it; removals stand in the command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-plan-'));
  try {
    const { steps } = writePlan(plan(clusterOf(careless), noObservations(), options), folder);
    const [put, removal] = steps.filter(({ type }) => type === 'path');
    assert.match(put!.command!, /^rempart preview -f .*01-.*\.yaml --apply$/);
    assert.equal(removal!.command, 'rempart preview --remove clusterrolebinding/all --apply');
    assert.equal(loadManifests(put!.file!).objects.length, 1);
    assert.match(readFileSync(removal!.file!, 'utf8'), /kubectl delete clusterrolebinding/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the example application leads to its Secret by two flaws, which is no step; a careless copy leads further, and its plan ends it', () => {
  const { objects } = loadManifests(join(import.meta.dirname, '../../../examples/shop/manifests'));
  const shop = objects.map(({ object }) => object);
  const parts = { source: 'manifests', closedByDefault: false, takenAtMs: 0, minor: 36, unread: [] } as const;
  const snapshotOf = (all: Manifest[]) => createSnapshot({ ...parts, unread: [], objects: all });
  const closed = plan(snapshotOf(shop), noObservations(), options);
  assert.deepEqual(
    closed.before.byAim.map(({ points }) => points > 0),
    [false, false, true],
  );
  assert.ok(closed.before.points < 0.1 && closed.steps.every(({ type }) => type !== 'path'));
  const copy = structuredClone(shop).filter(({ kind }) => kind !== 'NetworkPolicy');
  for (const { kind, spec } of copy)
    if (/Deployment|StatefulSet/.test(kind)) {
      spec.template.spec.automountServiceAccountToken = true;
      spec.template.spec.containers[0].securityContext = { privileged: true };
    }
  const edit = { ...clusterRoleBinding('edit', 'edit', [account('shop', 'default')]) };
  const made = plan(snapshotOf([...copy, edit]), noObservations(), options);
  assert.deepEqual(
    made.before.byAim.map(({ fromInternet }) => fromInternet > 0),
    [false, true, true],
  );
  assert.ok(made.after.points < made.before.points / 100, `${made.before.points} → ${made.after.points}`);
});

test('a hostile name leaves neither the comment of a file nor the word of a command', () => {
  const remove = { kind: 'Secret', namespace: 'a', name: "x'; rm -rf / #\nkind: Role" };
  assert.doesNotMatch(changesText('taken\nkind: Pod', [{ remove }]), /^kind/m);
  assert.match(changesText('taken', [{ remove }]), /^# kubectl delete 'secret\/x'\\''; rm/m);
  assert.match(commandOf([{ remove }], 'f'), /--remove 'secret\/a\/x'\\''; rm/);
});
