import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { createTestAuthority } from '../server/testing/certificates.ts';
import { startServer, type TestServer, testAdmin } from '../server/testing/start.ts';
import { readSource } from './source.ts';

const folder = mkdtempSync(join(tmpdir(), 'rempart-source-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function create(server: TestServer, path: string, body: object): Promise<void> {
  const { code, body: answer } = await server.call(testAdmin, { method: 'POST', path, body });
  assert.equal(code, 201, answer.message);
}

const configMap = (name: string, more: object = {}) => ({ metadata: { name, ...more }, data: { a: 'b' } });

test('a live cluster becomes a snapshot: every page, typed objects, no values of Secrets, no managed fields', async () => {
  const server = await startServer();
  after(() => server.stop());
  const at = '/api/v1/namespaces/default';
  for (let n = 0; n < 501; n++) await create(server, `${at}/configmaps?fieldManager=test`, configMap(`m${n}`));
  const annotations = {
    'kubectl.kubernetes.io/last-applied-configuration': '{"apiVersion":"v1beta9","data":{"key":"aHVzaA=="}}',
  };
  await create(server, `${at}/secrets`, { metadata: { name: 's', annotations }, data: { key: 'aHVzaA==' } });
  const kubeconfig = join(folder, 'config');
  await server.writeKubeconfig(kubeconfig);
  const { snapshot, about, close } = await readSource({ kubeconfig, nowMs: 7 });
  close();
  assert.equal(about, `cluster rempart at ${server.url}`);
  assert.deepEqual(
    [snapshot.source, snapshot.minor, snapshot.closedByDefault, snapshot.takenAtMs],
    ['cluster', 36, true, 7],
  );
  assert.deepEqual(snapshot.unread, []);
  assert.equal(snapshot.of('ConfigMap', 'default').length, 501);
  const map = snapshot.get({ kind: 'ConfigMap', namespace: 'default', name: 'm500' })!;
  assert.deepEqual([map.apiVersion, map.kind, map.metadata.managedFields], ['v1', 'ConfigMap', undefined]);
  const [secret] = snapshot.of('Secret');
  assert.deepEqual([secret?.apiVersion, secret?.kind, secret?.metadata.name], ['v1', 'Secret', 's']);
  assert.doesNotMatch(JSON.stringify(secret), /aHVzaA/);
  assert.deepEqual(secret?.metadata.managedFields, [{ manager: 'kubectl-client-side-apply', apiVersion: 'v1beta9' }]);
});

test('a kind that may not be listed is unread with the reason, and the others are read', async () => {
  const server = await startServer({
    defences: {
      authorize: ({ resource }) => ({ allowed: resource !== 'nodes', reason: 'not nodes' }),
    },
  });
  after(() => server.stop());
  const kubeconfig = join(folder, 'no-nodes');
  await server.writeKubeconfig(kubeconfig);
  const { snapshot, close } = await readSource({ kubeconfig, nowMs: 0 });
  close();
  assert.deepEqual(
    snapshot.unread.map(({ kind }) => kind),
    ['Node'],
  );
  assert.match(snapshot.whyUnread('Node')!, /^nodes is forbidden: .*cannot list resource "nodes"/);
  assert.equal(snapshot.of('Namespace').length, 2);
});

test('what cannot be read at all is said in one sentence', async () => {
  const kubeconfig = join(folder, 'away');
  const cluster = { server: 'https://127.0.0.1:1' };
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      'current-context': 'away',
      contexts: [{ name: 'away', context: { cluster: 'away' } }],
      clusters: [{ name: 'away', cluster }],
    }),
  );
  await assert.rejects(
    readSource({ kubeconfig, nowMs: 0 }),
    /cluster away at https:\/\/127\.0\.0\.1:1: .*cannot be reached/,
  );
  await assert.rejects(readSource({ kubeconfig: join(folder, 'none'), nowMs: 0 }), /kubeconfig: .*no such file.*none/i);
  await assert.rejects(readSource({ path: folder, kubeconfig, nowMs: 0 }), /not both/);
});

test('a server of another authority is not trusted, which is another thing than not reached', async () => {
  const server = await startServer();
  after(() => server.stop());
  const file = join(folder, 'other-authority');
  await server.writeKubeconfig(file);
  const kubeconfig = parse(readFileSync(file, 'utf8'));
  const { cluster } = kubeconfig.clusters[0];
  delete cluster['certificate-authority'];
  cluster['certificate-authority-data'] = Buffer.from(createTestAuthority().certificate).toString('base64');
  writeFileSync(file, JSON.stringify(kubeconfig));
  await assert.rejects(
    readSource({ kubeconfig: file, nowMs: 0 }),
    /the API server cannot be trusted: its certificate is not of the authority that the kubeconfig names/,
  );
});

test('a folder becomes a snapshot that may be a part', async () => {
  const file = join(folder, 'a.yaml');
  writeFileSync(file, 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n');
  const { snapshot, loaded, client } = await readSource({ path: file, kubernetes: 30, nowMs: 0 });
  assert.deepEqual([snapshot.source, snapshot.minor, snapshot.of('Namespace').length], ['manifests', 30, 1]);
  assert.deepEqual([loaded?.objects.length, client], [1, undefined]);
});
