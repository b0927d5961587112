import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { kinds } from '../../api/api.ts';
import { reasonLengthMax } from '../../api/kinds/protection.ts';
import { type Flow, noObservations, type Observations } from '../../api/observations/observation.ts';
import { systemClock } from '../../foundation/clock.ts';
import { grant, namespace, pod, startDefended } from '../../server/testing/defended.ts';
import { previewWarnings } from './admission.ts';

const window = [{ source: 'node/n1', fromMs: 0, toMs: Date.now(), lost: 0 }];
const end = (name: string) => ({ type: 'pod' as const, namespace: 'shop', name, labels: { app: name } });
const flow: Flow = {
  ...{ from: end('api'), to: end('database'), protocol: 'TCP', port: 6379, allowed: true },
  ...{ firstMs: 0, lastMs: 1, count: 3 },
};
const seen: Observations = {
  ...noObservations(),
  flows: [flow],
  windows: { ...noObservations().windows, flows: window },
};
let asked = 0;
const annotated: number[] = [];
const server = await startDefended({
  audit: {
    ready() {},
    record({ annotations = {} }) {
      const reason = annotations['defence.rempart.io/accepted'];
      if (reason !== undefined) annotated.push(reason.length);
    },
  },
  plugins: (authorize) => [
    previewWarnings(
      authorize,
      () => {
        asked++;
        return seen;
      },
      systemClock,
    ),
  ],
});
after(() => server.stop());

const admin = { username: 'anna', groups: ['system:masters', 'system:authenticated'] };
const labelled = (name: string) => {
  const made = pod(name, {}, {}, 'shop');
  return { ...made, metadata: { ...made.metadata, labels: { app: name } } };
};
await server.make(
  namespace('shop'),
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'shop' } },
  ...[labelled('api'), labelled('database')],
);
const policies = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies';
const closing = {
  ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'closed', namespace: 'shop' } },
  spec: { podSelector: { matchLabels: { app: 'database' } }, policyTypes: ['Ingress'] },
};
const breaks =
  /^preview: breaks pod shop\/api -> pod shop\/database TCP 6379 \(seen 3 x\): ingress of pod shop\/database/;

test('a dry run tells what would break, and what the answer rests on', async () => {
  const { code, warnings } = await server.ask(admin, 'POST', `${policies}?dryRun=All`, closing);
  assert.equal(code, 201);
  assert.match(warnings[0]!, breaks);
  assert.match(warnings.at(-1)!, /^preview: 1 breaks, 0 opens, \d+ unknown, 0 safe/);
  assert.ok(warnings.every((line) => line.length <= 255 && /^[\x20-\x7e]*$/.test(line)));
  assert.equal((await server.ask(admin, 'GET', `${policies}/closed`)).code, 404);
});

test('a real write is made and tells what was seen that it breaks; taking it away breaks nothing', async () => {
  const made = await server.ask(admin, 'POST', policies, closing);
  assert.equal(made.code, 201);
  assert.deepEqual(made.warnings.length, 1);
  assert.match(made.warnings[0]!, breaks);
  const removed = await server.ask(admin, 'DELETE', `${policies}/closed`);
  assert.deepEqual([removed.code, removed.warnings], [200, []]);
});

test('roles: calls that were seen and are refused afterwards', async () => {
  const call = {
    ...{ user: 'bob', groups: [], verb: 'list', resource: 'pods', group: '', subresource: '', namespace: 'shop' },
    ...{ name: '', path: '', allowed: true, firstMs: 0, lastMs: 0, count: 1 },
  };
  seen.calls.push(call);
  const rbac = 'rbac.authorization.k8s.io/v1';
  const role = {
    apiVersion: rbac,
    kind: 'Role',
    metadata: { name: 'r', namespace: 'shop' },
    rules: [{ verbs: ['list'], apiGroups: [''], resources: ['pods'] }],
  };
  const binding = {
    ...{ apiVersion: rbac, kind: 'RoleBinding', metadata: { name: 'r', namespace: 'shop' } },
    ...{
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'bob' }],
    },
  };
  await server.make(role, binding);
  const { warnings } = await server.ask(admin, 'DELETE', `/apis/${rbac}/namespaces/shop/roles/r`);
  assert.match(warnings[0]!, /^preview: breaks bob: list pods in shop \(seen 1 x\)/);
});

test('who may not see pods and observations of every namespace learns nothing, and costs nothing', async () => {
  const [tenant, watcher] = ['tenant', 'watcher'].map((username) => ({ username, groups: ['system:authenticated'] }));
  const own = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];
  const reads = ['pods', 'observations'].map((resource) => ({
    verbs: ['list'],
    apiGroups: ['*'],
    resources: [resource],
  }));
  await server.make(...grant('tenant', own, 'shop'), ...grant('watcher', own, 'shop'), ...grant('watcher', reads));
  const policy = { ...closing, metadata: { ...closing.metadata, name: 'probing' } };
  const dryRun = (user: typeof tenant) => server.ask(user!, 'POST', `${policies}?dryRun=All`, policy);
  const before = asked;
  const told = await dryRun(tenant);
  assert.equal(told.code, 201);
  assert.deepEqual(told.warnings, [
    'not previewed: who may list pods and observations of all namespaces is told what this would break',
  ]);
  const { code, warnings } = await server.ask(tenant!, 'POST', policies, policy);
  assert.deepEqual([code, warnings], [201, []]);
  assert.equal(asked, before);
  await server.ask(admin, 'DELETE', `${policies}/probing`);
  await server.ask(admin, 'DELETE', `${policies}/closed`);
  assert.match((await dryRun(watcher)).warnings[0]!, breaks);
  await server.ask(admin, 'POST', policies, closing);
});

test('everything else is not looked at: other kinds, statuses, what the cluster writes, what changes nothing', async () => {
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm', namespace: 'shop' } };
  const before = asked;
  await server.ask(admin, 'POST', '/namespaces/shop/configmaps', map);
  await server.ask({ ...admin, username: 'system:apiserver' }, 'POST', policies, closing);
  const patch = { metadata: { annotations: { note: 'x' } } };
  await server.ask(admin, 'PATCH', `${policies}/closed`, patch, 'application/merge-patch+json');
  await server.ask(admin, 'PATCH', `${policies}/closed`, patch, 'application/merge-patch+json');
  assert.equal(asked, before);
});

test('of a reason the audit log takes so much and no more', async () => {
  const reason = 'x'.repeat(100_000);
  const body = { metadata: { annotations: { 'defence.rempart.io/accepted': reason } } };
  await server.ask(admin, 'PATCH', `${policies}/closed`, body, 'application/merge-patch+json');
  assert.deepEqual(annotated, [reasonLengthMax]);
});

test('a cluster of more pods than the bound is not previewed in passing, and that is said', async () => {
  const policy = { ...closing, metadata: { ...closing.metadata, name: 'edge' } };
  const warningsAt = async (podsMax: number) => {
    const bounds = { dryRunPodsMax: podsMax, writePodsMax: podsMax };
    const plugin = previewWarnings(
      () => ({ allowed: true, reason: '' }),
      () => seen,
      systemClock,
      bounds,
    );
    const warned: string[] = [];
    const kind = kinds.find(({ kind }) => kind === 'NetworkPolicy')!;
    const nothing = { annotate: () => undefined, oldObject: undefined, subresource: '', dryRun: false };
    const asked = { operation: 'CREATE' as const, kind, object: policy, namespace: 'shop', name: 'edge', user: admin };
    await plugin.validate!({ ...nothing, ...asked, lookup: server.lookup, warn: (text) => warned.push(text) });
    return warned;
  };
  const pods = server.lookup.list('pods').length;
  await server.ask(admin, 'DELETE', `${policies}/closed`);
  assert.match((await warningsAt(pods))[0]!, breaks);
  assert.match((await warningsAt(pods - 1))[0]!, /^not previewed here: more than 1 pods/);
});
