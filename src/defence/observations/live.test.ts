import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Flow } from '../../api/observations/observation.ts';
import { createKeeper } from '../../cluster/observations/keeper.ts';
import { observationKinds } from '../../cluster/observations/kinds.ts';
import { systemClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import { startServer, type TestServer } from '../../server/testing/start.ts';
import { followDrops, observe } from './observe.ts';
import { renderDrop, renderObservations } from './report.ts';

const folder = mkdtempSync(join(tmpdir(), 'rempart-live-'));
const kubeconfig = join(folder, 'kubeconfig');
const keeper = createKeeper({ clock: systemClock, log: silentLog });
let server: TestServer;
before(async () => {
  server = await startServer({ extensions: { virtualKinds: observationKinds(keeper, Date.now) } });
  await server.writeKubeconfig(kubeconfig);
});
after(async () => {
  keeper.close();
  await server.stop();
  rmSync(folder, { recursive: true });
});

const flow = (port: number, more: Partial<Flow> = {}): Flow => ({
  from: { type: 'pod', namespace: 'shop', name: 'web-1', workload: 'Deployment/web', labels: { app: 'web' } },
  to: { type: 'pod', namespace: 'data', name: 'db-0', labels: {} },
  ...{ protocol: 'TCP', port, allowed: true, firstMs: Date.now(), lastMs: Date.now(), count: 1 },
  ...more,
});
const drop: Flow['drop'] = {
  ...{ side: 'ingress', why: 'policy', by: ['data/closed'] },
  ...{ nearest: 'data/closed ingress[0] allows this port for another source', allowance: 'in data, a policy' },
};
const report = (...flows: Flow[]) =>
  keeper.takeFlows('n1', { flows, fromMs: Date.now() - 1000, toMs: Date.now(), lost: 0, resumes: false });

test('all pages of what a cluster saw are read, and told as a table and as lines', async () => {
  report(...Array.from({ length: 2500 }, (_, port) => flow(port)));
  const { observations } = await observe({ files: [], kubeconfig, nowMs: Date.now() });
  assert.equal(observations.flows.length, 2500);
  assert.equal(observations.windows.flows[0]!.source, 'node/n1');
  const table = renderObservations(observations, 'table');
  assert.match(table, /flows +1 .* passed\n {4}shop\/Deployment\/web → data\/db-0 TCP 443\n/);
  assert.match(table, /Not watched, so nothing is known of it: images\./);
});

test('drops are told once, and once more when they happen again', async () => {
  const told: string[] = [];
  const turns = [
    () => report(flow(5432, { allowed: false, drop })),
    () => {},
    () => report(flow(5432, { allowed: false, drop }), flow(80, { allowed: false, drop })),
  ];
  const next = async () => {
    const turn = turns.shift();
    turn?.();
    return turn !== undefined;
  };
  await followDrops({ kubeconfig, now: Date.now, next }, (one) => told.push(renderDrop(one)));
  assert.equal(told.length, 3);
  assert.match(
    told[0]!,
    /Z {2}shop\/Deployment\/web > data\/db-0 TCP 5432 \(1\) {2}dropped by ingress policy data\/closed\n {2}nearest: .*\n {2}to allow: /,
  );
  const others: string[] = [];
  await followDrops({ kubeconfig, namespace: 'elsewhere', now: Date.now }, (one) => others.push(renderDrop(one)));
  assert.deepEqual(others, []);
});

test('a cluster that observes nothing is told apart from one where nothing was seen', async (context) => {
  const bare = await startServer();
  context.after(() => bare.stop());
  const other = join(folder, 'bare');
  await bare.writeKubeconfig(other);
  await assert.rejects(observe({ files: [], kubeconfig: other, nowMs: Date.now() }), /it observes nothing/);
});
