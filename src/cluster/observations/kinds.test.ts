import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Kind } from '../../api/kind.ts';
import { createCaches } from '../../client/cache.ts';
import { inProcessClient } from '../../client/in-process.ts';
import { manualClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import { grant, pod, startDefended } from '../../server/testing/defended.ts';
import { bootstrapObjects, reconcileBootstrapObjects } from '../control-plane/bootstrap-objects.ts';
import { createKeeper } from './keeper.ts';
import { flowsPerReportMax, observationKinds } from './kinds.ts';

const clock = manualClock(Date.UTC(2026, 0, 2));
const keeper = createKeeper({ clock, log: silentLog });
const server = await startDefended(
  {},
  clock,
  observationKinds(keeper, () => clock.now()),
);
const client = inProcessClient(server, 'system:apiserver', ['system:masters']);
await reconcileBootstrapObjects(client, bootstrapObjects({ clientAuthority: server.authority.certificate }));
const caches = createCaches(client, { clock, log: silentLog });
after(async () => {
  caches.stop();
  keeper.close();
  await server.stop();
});
await server.make(pod('web', { nodeName: 'n1' }), pod('far', { nodeName: 'n2' }));
await caches('pods').synced();
keeper.followPods(caches('pods'));

const base = '/apis/defence.rempart.io/v1alpha1';
const agent = (node: string) => ({
  username: `rempart:network:${node}`,
  groups: ['rempart:network', 'system:authenticated'],
});
const end = (name: string) => ({ type: 'pod', namespace: 'a', name, labels: {} });
const outside = { type: 'address', address: '203.0.113.7' };
const flow = (from: object, to: object, more: object = {}) => ({
  ...{ from, to, protocol: 'TCP', port: 443, allowed: true },
  ...{ firstMs: clock.now(), lastMs: clock.now(), count: 1 },
  ...more,
});
const report = (flows: unknown[], spec: object = {}) => ({
  ...{ apiVersion: 'defence.rempart.io/v1alpha1', kind: 'ObservationReport', metadata: { name: 'n1' } },
  spec: { flows, fromMs: clock.now() - 1000, toMs: clock.now(), lost: 0, resumes: false, ...spec },
});
const post = (who: { username: string; groups: string[] }, body: object) =>
  server.ask(who, 'POST', `${base}/observationreports`, body);

test('a node reports flows of its own pods, and of no others', async () => {
  const flows = [flow(end('web'), outside), flow(end('far'), outside), flow(end('nobody'), outside), { junk: true }];
  const { code, body } = await post(agent('n1'), report(flows));
  assert.equal(code, 201);
  assert.deepEqual(body.status, { taken: 1, refused: 3 });
  const { windows } = keeper.observations();
  assert.deepEqual(
    windows.flows.map(({ source, lost }) => [source, lost]),
    [['node/n1', 3]],
  );
  const own = flow({ type: 'node', name: 'n2', address: '192.0.2.2' }, outside);
  assert.equal((await post(agent('n1'), report([own]))).body.status.taken, 0);
  assert.equal((await post(agent('n2'), report([own]))).body.status.taken, 1);
});

test('a node that passes its own pod off as a part of another workload is not believed', async () => {
  const forged = { ...end('web'), workload: 'StatefulSet/far', labels: { app: 'far' } };
  const about = { ...end('far'), workload: 'Deployment/ours', labels: { app: 'ours' } };
  assert.equal((await post(agent('n1'), report([flow(about, forged, { port: 666 })]))).body.status.taken, 1);
  const { from, to } = keeper.observations().flows.find(({ port }) => port === 666)!;
  assert.deepEqual([from, to], [end('far'), end('web')]);
});

test('what a pod did that is gone by now is taken', async () => {
  await server.make(pod('brief', { nodeName: 'n1' }));
  await caches('pods').until(() => caches('pods').get('a', 'brief') !== undefined);
  await client.delete('pods', { namespace: 'a', name: 'brief' }, { gracePeriodSeconds: 0 });
  await caches('pods').until(() => caches('pods').get('a', 'brief') === undefined);
  assert.equal((await post(agent('n1'), report([flow(end('brief'), outside)]))).body.status.taken, 1);
});

test('nobody else reports, and only who may reads', async () => {
  const pods = { username: 'system:serviceaccount:a:default', groups: ['system:serviceaccounts'] };
  assert.equal((await post(pods, report([]))).code, 403);
  await server.make(...grant('reporter', [{ verbs: ['*'], apiGroups: ['defence.rempart.io'], resources: ['*'] }]));
  const reporter = { username: 'reporter', groups: [] };
  const refused = await post(reporter, report([]));
  assert.equal(refused.code, 403);
  assert.match(refused.body.message, /"reporter" is no node's agent/);
  assert.equal((await server.ask(pods, 'GET', `${base}/observations`)).code, 403);
  assert.equal((await server.ask(agent('n1'), 'GET', `${base}/observations`)).code, 403);
  assert.equal((await server.ask(reporter, 'GET', `${base}/observations`)).code, 200);
  assert.equal((await server.ask(reporter, 'DELETE', `${base}/observations`)).code, 405);
});

test('a report has a bound and a form', async () => {
  const many = (count: number) => report(Array.from({ length: count }, () => null));
  assert.equal((await post(agent('n1'), many(flowsPerReportMax))).code, 201);
  assert.equal((await post(agent('n1'), many(flowsPerReportMax + 1))).code, 400);
  assert.equal((await post(agent('n1'), report([], { toMs: clock.now() + 3_600_000 }))).code, 400);
  assert.equal((await post(agent('n1'), { ...report([]), spec: undefined })).code, 400);
});

test('observations are selected by namespace, type, outcome and time; windows are always there', async () => {
  const drop = { side: 'egress', why: 'island', by: [] };
  await post(agent('n1'), report([flow(end('web'), outside, { port: 22, allowed: false, drop })]));
  const list = async (query: string, where = '') => {
    const { code, body } = await client.raw('GET', `${base}${where}/observations${query}`);
    assert.equal(code, 200, body.message);
    return body.items.map(({ type, observed }: any) => `${type} ${observed?.port ?? ''}`);
  };
  assert.deepEqual(await list('?fieldSelector=type%3Dflows,allowed%3Dfalse'), ['flows 22']);
  assert.ok((await list('', '/namespaces/a')).includes('flows 22'));
  assert.deepEqual([...new Set(await list('', '/namespaces/kube-system'))], ['window ']);
  clock.advance(5000);
  const since = new Date(clock.now()).toISOString();
  assert.ok(!(await list(`?since=${since}`)).includes('flows 22'));
  assert.equal((await client.raw('GET', `${base}/observations?since=yesterday`)).code, 400);
});

test('a name that nobody may ask for does not steer the terminal of who reads the table', () => {
  const [{ kind }] = observationKinds(keeper, () => clock.now()) as [{ kind: Kind }, unknown];
  const call = { user: 'pod', groups: [], verb: 'get', resource: 'pods', group: '', subresource: '', namespace: 'a' };
  const observed = { ...call, name: 'x\u001b[2J', path: '', allowed: false, firstMs: 0, lastMs: 0, count: 1 };
  const row = { apiVersion: '', kind: '', metadata: { name: 'x' }, type: 'calls', observed };
  const cells = kind.columns.map(({ value }) => String(value(row, clock.now()))).join(' ');
  assert.match(cells, /x�\[2J/);
  assert.ok(!cells.includes('\u001b'));
});
