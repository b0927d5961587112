import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { kinds } from '../../api/api.ts';
import { apiVersionOf } from '../../api/kind.ts';
import { createHttpsTransport } from '../../client/https-transport.ts';
import { type DefendedServer, startDefended } from '../../server/testing/defended.ts';
import { readCluster } from './cluster.ts';
import { readKinds } from './kinds.ts';
import { type ReaderOptions, readerObjects } from './reader.ts';

const account = { namespace: 'a', name: 'auditor' };
const username = 'system:serviceaccount:a:auditor';

async function startWith(options: ReaderOptions): Promise<DefendedServer> {
  const server = await startDefended();
  after(() => server.stop());
  await server.make(...readerObjects({ ...options, account }));
  const metadata = { name: 'password', namespace: 'a' };
  await server.make({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: { word: 'geheim' } });
  return server;
}

async function read(server: DefendedServer) {
  const { authority } = server;
  const [address] = await server.listen([{ host: '127.0.0.1', port: 0 }], {
    ...authority.server(),
    clientCa: authority.certificate,
  });
  const { key, cert } = authority.client(username, []);
  const transport = createHttpsTransport({
    server: `https://127.0.0.1:${address!.port}`,
    certificateAuthority: { bytes: Buffer.from(authority.certificate) },
    clientCertificate: { bytes: Buffer.from(cert) },
    clientKey: { bytes: Buffer.from(key) },
  });
  const snapshot = await readCluster(transport, { nowMs: 0 });
  transport.close();
  return snapshot;
}

test('with the role that is shipped everything is read but secrets, and they say why', async () => {
  const snapshot = await read(await startWith({}));
  assert.deepEqual(
    snapshot.unread.map(({ kind }) => kind),
    ['Secret'],
  );
  assert.match(snapshot.whyUnread('Secret')!, /forbidden/);
  assert.ok(snapshot.of('Namespace').length >= 2);
});

test('with the names of secrets there are names, and never values', async () => {
  const snapshot = await read(await startWith({ secretNames: true }));
  assert.deepEqual(snapshot.unread, []);
  const [secret] = snapshot.of('Secret');
  assert.equal(secret?.metadata.name, 'password');
  assert.deepEqual(Object.keys(secret!).sort(), ['apiVersion', 'kind', 'metadata']);
});

test('the role gives nothing but list of what is read', async () => {
  const server = await startWith({});
  const user = { username, groups: ['system:serviceaccounts', 'system:authenticated'] };
  const read = new Set(
    readKinds.filter(({ metadataOnly }) => !metadataOnly).map((kind) => `${kind.resource}.${kind.group}`),
  );
  for (const kind of kinds) {
    if (!kind.verbs.includes('list')) continue;
    const version = apiVersionOf(kind);
    const root = version === 'v1' ? '/api/v1' : `/apis/${version}`;
    const path = `${root}${kind.namespaced ? '/namespaces/a' : ''}/${kind.resource}`;
    const code = async (method: string, at: string) =>
      (await server.ask(user, method, at, method === 'GET' ? undefined : {})).code;
    const listed = read.has(`${kind.resource}.${kind.group}`) ? 200 : 403;
    assert.equal(await code('GET', path), listed, `list of ${path}`);
    assert.equal(await code('GET', `${path}?watch=1`), 403, `watch of ${path}`);
    for (const [method, at] of [
      ['GET', `${path}/x`],
      ['POST', path],
      ['PUT', `${path}/x`],
      ['PATCH', `${path}/x`],
      ['DELETE', `${path}/x`],
      ['DELETE', path],
    ] as const)
      assert.equal(await code(method, at), 403, `${method} ${at}`);
  }
  for (const path of ['/nodes/n/proxy/pods', '/namespaces/a/pods/p/log', '/namespaces/a/secrets/password'])
    assert.equal((await server.ask(user, 'GET', path)).code, 403, path);
});
