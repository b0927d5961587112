import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { noObservations } from '../../api/observations/observation.ts';
import { createCaches } from '../../client/cache.ts';
import { inProcessClient } from '../../client/in-process.ts';
import { manualClock, systemClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import { grant, namespace, pod, startDefended } from '../../server/testing/defended.ts';
import { createPreviewChanges } from '../previews/preview-changes.ts';
import { protectionMode } from './admission.ts';
import { modeInForce, protectionsResource, publishProtections, tellsModes } from './objects.ts';
import { configuredMode, modeOf, protections } from './protections.ts';
import { followProtections, soonMs } from './status.ts';

const nowMs = Date.parse('2026-03-01T12:00:00Z');
const clock = manualClock(nowMs);
const previewChanges = createPreviewChanges(noObservations, clock);
const annotated: Record<string, string>[] = [];
const server = await startDefended({
  plugins: () => [protectionMode(previewChanges)],
  modeOf: (id, lookup) => modeInForce(id, (name) => modeOf(name, {}), lookup),
  audit: { ready() {}, record: ({ annotations = {} }) => void annotated.push(annotations) },
});
after(() => server.stop());
const client = inProcessClient(server, 'system:apiserver', ['system:masters']);
const owner = { username: 'owner', groups: [] };
await server.make(...grant('owner', [{ verbs: ['*'], apiGroups: ['defence.rempart.io'], resources: ['*'] }]));
const path = (name: string) => `/apis/defence.rempart.io/v1alpha1/protections/${name}`;
const setMode = (name: string, mode: string, accepted?: string) => {
  const metadata = accepted === undefined ? {} : { annotations: { 'defence.rempart.io/accepted': accepted } };
  return server.ask(owner, 'PATCH', path(name), { metadata, spec: { mode } }, 'application/merge-patch+json');
};
const publish = (relaxed: Record<string, string>) => publishProtections(client, (id) => modeOf(id, relaxed));
const inForce = (id: string) => modeInForce(id, (name) => modeOf(name, {}), server.lookup);

test('every protection has an object that says what it is and how it is changed', async () => {
  await publish({});
  const { items } = await client.list(protectionsResource);
  assert.deepEqual(items.map(({ metadata }) => metadata.name).sort(), protections.map(({ id }) => id).sort());
  for (const { metadata, spec, status } of items) {
    assert.equal(spec.mode, status.defaultMode, metadata.name);
    assert.equal(status.modes[0], status.defaultMode);
  }
  const changes = server.lookup.version(protectionsResource);
  await publish({});
  assert.equal(server.lookup.version(protectionsResource), changes, 'publishing what is there already is no write');
});

test('a mode is changed through the API, with its undo in the answer and in the audit', async () => {
  const { code, warnings } = await setMode('pod-security', 'baseline');
  assert.equal(code, 200);
  assert.match(
    warnings.join(),
    /relaxed from "restricted" to "baseline".*--type=merge -p '\{"spec":\{"mode":"restricted"\}\}'/,
  );
  const told = annotated.flatMap((annotations) => annotations['defence.rempart.io/mode-change'] ?? []);
  assert.match(told.at(-1)!, /^pod-security: restricted -> baseline; undo: kubectl patch protection pod-security/);
  assert.equal(inForce('pod-security'), 'baseline');
  const denied = await setMode('namespace-isolation', 'deny');
  assert.match(denied.warnings.join(), /tightened from "island" to "deny"/);
  assert.equal((await setMode('namespace-isolation', 'island')).code, 200);
});

test('it stays over a restart, until the cluster is started with another one', async () => {
  await publish({});
  assert.equal(inForce('pod-security'), 'baseline');
  await publish({ 'pod-security': 'privileged' });
  assert.equal(inForce('pod-security'), 'privileged');
});

test('an address that is opened by a later start, and closed again, is told by the object that is there', async () => {
  const start = (listen: string[], allowFrom: string[]) =>
    publishProtections(client, (id) => configuredMode(id, { relaxed: {}, listen, allowFrom }));
  const opened = ['api-on-loopback', 'client-allow-list'];
  await start(['192.0.2.1'], ['0.0.0.0/0']);
  assert.deepEqual(opened.map(inForce), ['off', 'off']);
  const tells = (listen: string[]) =>
    tellsModes(client, (id) => configuredMode(id, { relaxed: {}, listen, allowFrom: [] }));
  assert.equal(await tells([]), false);
  await start([], []);
  assert.deepEqual(opened.map(inForce), ['enforce', 'enforce']);
  assert.deepEqual([await tells([]), await tells(['192.0.2.1'])], [true, false]);
  await publish({ 'pod-security': 'privileged' });
});

test('modes that do not exist, that only the start decides, and objects of others are refused', async () => {
  const unknown = await setMode('pod-security', 'lax');
  assert.equal(unknown.code, 422);
  assert.match(unknown.body.message, /supported values: "baseline", "observe", "privileged", "restricted"/);
  const fixed = await setMode('audit', 'off');
  assert.equal(fixed.code, 403);
  assert.match(fixed.body.message, /decided when the cluster starts: rempart up --relax audit=off/);
  const kind = { apiVersion: 'defence.rempart.io/v1alpha1', kind: 'Protection' };
  const made = { ...kind, metadata: { name: 'mine' }, spec: { mode: 'off' } };
  const create = await server.ask(owner, 'POST', '/apis/defence.rempart.io/v1alpha1/protections', made);
  assert.equal(create.code, 403);
  assert.equal((await server.ask(owner, 'DELETE', path('audit'))).code, 403);
});

test('a mode that would break something is refused, naming it, unless that is accepted with a new reason', async () => {
  assert.equal((await setMode('pod-security', 'privileged')).code, 200);
  await server.make(namespace('loose'), {
    ...{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'loose' } },
  });
  await server.make(pod('debug', { hostPID: true }, {}, 'loose'));
  const refused = await setMode('pod-security', 'restricted');
  assert.equal(refused.code, 403);
  assert.match(
    refused.body.message,
    /1 would break: Pod loose\/debug: .*hostPID.*rempart preview --protection pod-security=/,
  );
  assert.equal(inForce('pod-security'), 'privileged');
  const accepted = await setMode('pod-security', 'restricted', 'it goes tonight');
  assert.equal(accepted.code, 200);
  assert.match(accepted.warnings.join(), /1 break, which was accepted: it goes tonight/);
  assert.ok(annotated.some((told) => told['defence.rempart.io/accepted'] === '1 break: it goes tonight'));
  await setMode('pod-security', 'privileged');
  assert.equal(
    (await setMode('pod-security', 'restricted', 'it goes tonight')).code,
    403,
    'an old reason counts no more',
  );
});

test('the status tells what the default would break now, and which namespaces have a mode of their own', async () => {
  await server.make(namespace('legacy', { 'pod-security.kubernetes.io/enforce': 'baseline' }));
  const caches = createCaches(client, { clock: systemClock, log: silentLog });
  const modes = [caches(protectionsResource), caches('namespaces')];
  const flows = [{ source: 'node/n1', fromMs: nowMs - 3_600_000, toMs: nowMs, lost: 0 }];
  const watched = () => ({ ...noObservations(), windows: { ...noObservations().windows, flows } });
  const stop = followProtections({
    client,
    lookup: server.lookup,
    previewChanges,
    observations: watched,
    caches: modes,
    clock,
    log: silentLog,
  });
  const statuses = async () =>
    new Map((await client.list(protectionsResource)).items.map(({ metadata, status }) => [metadata.name, status]));
  const isDone = (all: Map<string, any>) => [...all.values()].every((status) => status.wouldBreak !== undefined);
  while (!isDone(await statuses())) await new Promise((resolve) => setImmediate(resolve));
  const { namespaces, wouldBreak, level } = (await statuses()).get('pod-security');
  assert.deepEqual(namespaces, [{ name: 'legacy', mode: 'baseline' }]);
  assert.deepEqual(wouldBreak, { count: 1, unknown: 0, first: wouldBreak.first });
  assert.match(wouldBreak.first[0], /^Pod loose\/debug: .*hostPID/);
  assert.equal(level, 'cluster', 'what was there stays');
  const all = await statuses();
  assert.equal(all.get('namespace-isolation').observedSince, '2026-03-01T11:00:00Z');
  assert.equal(all.get('anonymous-access').observedSince, undefined, 'nobody watched calls');

  const closed = { metadata: { labels: { 'pod-security.kubernetes.io/enforce': null } } };
  await client.patch('namespaces', { name: 'legacy' }, { type: 'merge', body: closed });
  while ((await statuses()).get('pod-security').namespaces !== undefined) {
    clock.advance(soonMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
  stop();
  caches.stop();
});
