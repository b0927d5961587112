import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { endText } from '../../api/observations/describe.ts';
import type { Flow } from '../../api/observations/observation.ts';
import { importObservations, mergeObservations } from './import.ts';
import { createParsers } from './imports/formats.ts';
import { readRecords } from './records.ts';
import { renderObservations } from './report.ts';

const folder = mkdtempSync(join(tmpdir(), 'rempart-import-'));
after(() => rmSync(folder, { recursive: true }));
const nowMs = Date.UTC(2026, 0, 2);
let number = 0;
function file(content: string | Buffer): string {
  const path = join(folder, `${number++}.log`);
  writeFileSync(path, content);
  return path;
}
const lines = (records: object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');
const read = (records: object[]) => importObservations(file(lines(records)), nowMs);
const text = ({ from, to, protocol, port, allowed, drop, count }: Flow) =>
  `${endText(from)} > ${endText(to)} ${protocol} ${port} ${allowed ? 'passed' : `${drop!.side} ${drop!.by}`} ${count}`;

const hubbleFlow = (more: object = {}) => ({
  flow: {
    ...{ time: '2026-01-01T10:00:00.123456789Z', verdict: 'FORWARDED', is_reply: false },
    IP: { source: '10.244.1.60', destination: '10.244.1.5', ipVersion: 'IPv4' },
    l4: { TCP: { source_port: 44916, destination_port: 80, flags: { SYN: true } } },
    source: {
      ...{ namespace: 'shop', pod_name: 'web-5d4-x', workloads: [{ name: 'web', kind: 'Deployment' }] },
      labels: ['k8s:app=web', 'k8s:io.kubernetes.pod.namespace=shop', 'k8s:io.cilium.k8s.policy.cluster=default'],
    },
    destination: { namespace: 'shop', pod_name: 'db-0', labels: ['k8s:app=db'] },
    traffic_direction: 'EGRESS',
    ...more,
  },
  node_name: 'n1',
  time: '2026-01-01T10:00:00.123456789Z',
});

test('Hubble: connections by their workloads, without replies; drops with the policies that denied them', async () => {
  const { format, refused, observations } = await read([
    hubbleFlow(),
    hubbleFlow({ time: '2026-01-01T11:00:00Z' }),
    hubbleFlow({ is_reply: true }),
    hubbleFlow({ l4: { ICMPv4: { type: 8 } } }),
    hubbleFlow({ destination: { identity: 2, labels: ['reserved:world'] } }),
    hubbleFlow({ source: { labels: ['reserved:host'] } }),
    hubbleFlow({
      ...{ verdict: 'DROPPED', drop_reason_desc: 'POLICY_DENIED', traffic_direction: 'INGRESS' },
      ingress_denied_by: [{ name: 'closed', namespace: 'shop' }],
    }),
    { lost_events: { source: 'HUBBLE_RING_BUFFER', num_events_lost: '7' }, node_name: 'n1' },
  ]);
  assert.deepEqual([format, refused], ['Hubble flows', 0]);
  assert.deepEqual(observations.flows.map(text).sort(), [
    'node/10.244.1.60 > shop/db-0 TCP 80 passed 1',
    'shop/Deployment/web > 10.244.1.5 TCP 80 passed 1',
    'shop/Deployment/web > shop/db-0 TCP 80 ingress shop/closed 1',
    'shop/Deployment/web > shop/db-0 TCP 80 passed 2',
  ]);
  const [flow] = observations.flows;
  assert.deepEqual(flow!.from.type === 'pod' && flow!.from.labels, { app: 'web' });
  const [window] = observations.windows.flows;
  assert.deepEqual([window!.toMs - window!.fromMs, window!.lost], [3_599_877, 7]);
  assert.deepEqual(observations.windows.calls, []);
});

const calicoFlow = (more: object = {}) => ({
  ...{ start_time: 1_767_261_600, end_time: 1_767_261_900, action: 'allow', reporter: 'dst', proto: 'tcp' },
  ...{ source_type: 'wep', source_namespace: 'shop', source_name: '-', source_name_aggr: 'web-5d4-*', source_ip: null },
  source_labels: { labels: ['app=web', 'pod-template-hash=5d4'] },
  ...{ dest_type: 'wep', dest_namespace: 'shop', dest_name: 'db-0', dest_name_aggr: 'db-*', dest_port: 5432 },
  ...{ dest_labels: { labels: ['app=db'] }, num_flows: 12 },
  ...more,
});

test('Calico: both ends tell, the one where it arrives counts; aggregated names are workloads', async () => {
  const denied = '0|default|shop/default.closed|deny|-1';
  const { format, refused, observations } = await read([
    calicoFlow(),
    calicoFlow({ reporter: 'src' }),
    { _source: calicoFlow({ action: 'deny', policies: { all_policies: [denied] }, num_flows: 1 }) },
    calicoFlow({
      ...{ reporter: 'src', dest_type: 'net', dest_namespace: '-', dest_ip: '203.0.113.9', dest_port: 443 },
      ...{ dest_name: '-', dest_name_aggr: 'pub' },
    }),
    {
      ...{ start_time: '2026-01-01T10:00:00Z', end_time: '2026-01-01T10:05:00Z', action: 'Allow', reporter: 'Dst' },
      ...{ source_name: 'web-1', source_namespace: 'shop', source_labels: 'app=web | tier=front', protocol: 'tcp' },
      ...{ dest_name: 'cache-1', dest_namespace: 'shop', dest_labels: 'app=cache', dest_port: 6379 },
    },
    calicoFlow({ reporter: 'src', dest_type: 'net', dest_namespace: '-', dest_ip: null, dest_name_aggr: 'pvt' }),
  ]);
  assert.deepEqual([format, refused], ['Calico flow log', 1]);
  assert.deepEqual(observations.flows.map(text).sort(), [
    'shop/Deployment/web > 203.0.113.9 TCP 443 passed 12',
    'shop/Deployment/web > shop/db-0 TCP 5432 ingress shop/default.closed 1',
    'shop/Deployment/web > shop/db-0 TCP 5432 passed 12',
    'shop/web-1 > shop/cache-1 TCP 6379 passed 1',
  ]);
  assert.equal(observations.windows.flows[0]!.lost, 1, 'an address that was aggregated away is unknown');
});

const auditEvent = (more: object = {}) => ({
  ...{ kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'Metadata', auditID: String(number++) },
  ...{ stage: 'ResponseComplete', verb: 'get', requestURI: '/api/v1/namespaces/shop/pods/web' },
  ...{ user: { username: 'anna', groups: ['dev'] }, sourceIPs: ['198.51.100.66', '192.0.2.1'] },
  objectRef: { resource: 'pods', namespace: 'shop', name: 'web', apiVersion: 'v1' },
  ...{ responseStatus: { code: 200 }, requestReceivedTimestamp: '2026-01-01T10:00:00.000001Z' },
  annotations: { 'authorization.k8s.io/decision': 'allow' },
  ...more,
});

test('audit logs: calls with whether they were allowed, and the address that really asked', async () => {
  const { format, observations } = await read([
    auditEvent({ stage: 'RequestReceived' }),
    auditEvent(),
    auditEvent({ auditID: 'stream', verb: 'watch', stage: 'ResponseStarted' }),
    auditEvent({ auditID: 'stream', verb: 'watch' }),
    auditEvent({
      verb: 'delete',
      responseStatus: { code: 403 },
      annotations: { 'authorization.k8s.io/decision': 'forbid' },
    }),
    auditEvent({ impersonatedUser: { username: 'bob', groups: [] }, annotations: undefined }),
    auditEvent({ objectRef: undefined, requestURI: '/version?timeout=5s' }),
  ]);
  assert.equal(format, 'Kubernetes audit log');
  const calls = observations.calls.map(
    ({ user, verb, resource, name, path, allowed, count }) =>
      `${user} ${verb} ${resource}${path} ${name} ${allowed} ${count}`,
  );
  assert.deepEqual(calls, [
    'anna get pods web true 1',
    'anna watch pods web true 1',
    'anna delete pods web false 1',
    'anna impersonate users bob true 1',
    'anna get /version  true 1',
    'bob get pods web true 1',
  ]);
  assert.deepEqual(
    observations.addresses.map(({ address, user }) => [address, user]),
    [['192.0.2.1', 'anna']],
  );
});

test('an audit log is read as what the authorizer was asked', async () => {
  const reference = (more: object) => ({
    objectRef: { resource: 'configmaps', namespace: 'shop', name: 'x', ...more },
  });
  const asked = async (...events: object[]) =>
    (await read(events)).observations.calls.map(
      ({ user, verb, resource, subresource, namespace, name }) =>
        `${user} ${verb} ${resource}/${subresource} ${namespace}/${name}`,
    );
  assert.deepEqual(await asked(auditEvent({ verb: 'create', ...reference({}) })), ['anna create configmaps/ shop/']);
  const exec = { verb: 'create', ...reference({ resource: 'pods', subresource: 'exec' }) };
  assert.deepEqual(await asked(auditEvent(exec)), ['anna create pods/exec shop/x']);
  const space = { verb: 'create', ...reference({ resource: 'namespaces', namespace: 'x' }) };
  assert.deepEqual(await asked(auditEvent(space)), ['anna create namespaces/ /']);
  const applied = (code: number) => auditEvent({ verb: 'patch', ...reference({}), responseStatus: { code } });
  assert.deepEqual(await asked(applied(200)), ['anna patch configmaps/ shop/x']);
  assert.deepEqual((await asked(applied(201))).sort(), [
    'anna create configmaps/ shop/x',
    'anna patch configmaps/ shop/x',
  ]);
  const acting = (username: string, ...groups: string[]) =>
    auditEvent({ impersonatedUser: { username, groups: [...groups, 'system:authenticated'] }, ...reference({}) });
  assert.deepEqual((await asked(acting('bob', 'ops'))).sort(), [
    'anna impersonate groups/ /ops',
    'anna impersonate users/ /bob',
    'bob get configmaps/ shop/x',
  ]);
  assert.deepEqual((await asked(acting('system:serviceaccount:shop:api', 'system:serviceaccounts'))).sort(), [
    'anna impersonate serviceaccounts/ shop/api',
    'system:serviceaccount:shop:api get configmaps/ shop/x',
  ]);
});

test('one document over many lines, a list in one line, and packed files are read alike', async () => {
  const list = {
    kind: 'EventList',
    apiVersion: 'audit.k8s.io/v1',
    items: [auditEvent(), auditEvent({ verb: 'list' })],
  };
  for (const content of [
    JSON.stringify(list, undefined, 2),
    JSON.stringify(list),
    gzipSync(lines(list.items)),
    gzipSync(JSON.stringify(list, undefined, 2)),
  ])
    assert.equal((await importObservations(file(content), nowMs)).observations.calls.length, 2);
});

test('what was written as JSON is read again as it was', async () => {
  const { observations } = await read([hubbleFlow()]);
  const again = await importObservations(file(renderObservations(observations, 'json')), nowMs);
  assert.equal(again.format, 'Rempart observations');
  assert.deepEqual(again.observations, observations);
});

test('damaged, forged and absurd records are refused, counted, and make what was watched incomplete', async () => {
  const { observations, refused, taken } = await read([
    hubbleFlow(),
    hubbleFlow({ time: '2036-01-01T00:00:00Z' }),
    hubbleFlow({ time: 'yesterday' }),
    hubbleFlow({ l4: { TCP: { destination_port: 99_999 } } }),
    hubbleFlow({ destination: { pod_name: 'x'.repeat(5000), namespace: 'shop' } }),
    hubbleFlow({ source: { labels: ['reserved:world'] }, IP: { source: '; DROP TABLE', destination: '10.0.0.1' } }),
    hubbleFlow({ source: { pod_name: 'web', namespace: { $gt: '' } } }),
    { unrelated: true },
  ]);
  assert.deepEqual([taken, refused, observations.windows.flows[0]!.lost], [1, 7, 7]);
  const broken = `${lines([hubbleFlow()])}{"flow":{"verdict":\n${'['.repeat(1e6)}\n[[{}]]\n"text"\n${lines([hubbleFlow()])}`;
  const imported = await importObservations(file(broken), nowMs);
  assert.deepEqual([imported.taken, imported.refused, imported.observations.windows.flows[0]!.lost], [2, 4, 4]);
  const status = (state: string) => ({ node_status: { state_change: state, node_names: ['n'] }, node_name: 'n' });
  const nodes = await read([hubbleFlow(), status('NODE_CONNECTED'), status('NODE_UNAVAILABLE')]);
  assert.deepEqual([nodes.refused, nodes.observations.windows.flows[0]!.lost], [0, 1]);
});

test('what no format knows, and what cannot be read, ends in an error that names the file', async () => {
  await assert.rejects(importObservations(file('{"a":1}\n'), nowMs), /nothing in it is of a known format \(Rempart/);
  await assert.rejects(importObservations(file(''), nowMs), /nothing in it/);
  await assert.rejects(importObservations(join(folder, 'none'), nowMs), /none: ENOENT/);
  await assert.rejects(importObservations(folder, nowMs), /EISDIR/);
  await assert.rejects(importObservations(file(gzipSync('x').subarray(0, 12)), nowMs), /unexpected end of file/);
});

test('lines and files have bounds: N fits, N + 1 does not', async () => {
  const record = JSON.stringify({ a: 1 });
  const parts = async (limits: object, content: string | Buffer = `${record}\n${record}\n`) => {
    const found = [];
    const all = { fileBytesMax: 100, lineBytesMax: 100, documentBytesMax: 100, ...limits };
    for await (const part of readRecords(file(content), all)) found.push('refused' in part ? 'refused' : 'record');
    return found;
  };
  assert.deepEqual(await parts({ lineBytesMax: record.length }), ['record', 'record']);
  assert.deepEqual(await parts({ lineBytesMax: record.length - 1 }), ['refused', 'refused']);
  const bytes = 2 * (record.length + 1);
  assert.deepEqual(await parts({ fileBytesMax: bytes }), ['record', 'record']);
  await assert.rejects(parts({ fileBytesMax: bytes - 1 }), /holds over/);
  await assert.rejects(parts({}, gzipSync(Buffer.alloc(1 << 20))), /holds over/, 'a packed bomb');
});

test('every format is in the list', () => {
  const files = readdirSync(join(import.meta.dirname, 'imports')).filter((name) => name !== 'formats.ts');
  assert.equal(createParsers().length, files.length);
});

test('several files are one: times of both, windows of each', async () => {
  const parts = [await read([hubbleFlow()]), await read([hubbleFlow({ time: '2026-01-01T12:00:00Z' })])];
  const { flows, windows } = mergeObservations(parts.map(({ observations }) => observations));
  assert.deepEqual([flows.length, flows[0]!.count, windows.flows.length], [1, 2, 2]);
});
