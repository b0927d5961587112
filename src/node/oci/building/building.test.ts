import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { importImage } from '../../runtimes/containerd/import.ts';
import { cannotRunContainerd, containerConfig, sandboxConfig, startTestHost } from '../../runtimes/testing/host.ts';
import { buildImage } from './build.ts';
import { needsOf } from './elf.ts';
import { fetchPackage } from './packages.ts';
import { readSpecification } from './specification.ts';

const shop = join(import.meta.dirname, '../../../../examples/shop/images');
const cannotFetch = await fetchPackage('base-files').then(
  () => false as const,
  (error: Error) => `needs Debian packages: ${error.message}`,
);

function specificationFile(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-image-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'image.json'), text);
  return join(folder, 'image.json');
}

/** Every path of every layer. */
function pathsIn(t: TestContext, image: Buffer): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-image-'));
  t.after(() => rmSync(folder, { recursive: true }));
  spawnSync('tar', ['-x', '-C', folder], { input: image });
  const read = (path: string) => JSON.parse(readFileSync(join(folder, path), 'utf8'));
  const blob = (digest: string) => `blobs/sha256/${digest.slice(7)}`;
  const manifest = read(blob(read('index.json').manifests[0].digest));
  return manifest.layers.flatMap(({ digest }: { digest: string }) =>
    spawnSync('tar', ['-tf', join(folder, blob(digest))], { encoding: 'utf8' })
      .stdout.trim()
      .split('\n'),
  );
}

test('paths in the image may begin with a slash, and lead nowhere else', (t) => {
  const read = (more: object) =>
    readSpecification(specificationFile(t, JSON.stringify({ name: 'a/b:1', entrypoint: ['/x'], ...more })));
  const { files, folders } = read({ files: [{ path: '/app/x', from: 'x' }], folders: ['/data/'] });
  assert.deepEqual([files[0]!.path, folders[0]], ['app/x', 'data']);
  for (const path of ['../x', 'a/../../x', '/', '', './x'])
    for (const more of [{ files: [{ path, from: 'x' }] }, { folders: [path] }])
      assert.throws(() => read(more), /must be a list of .* in the image, without/, path);
});

test('a specification says what is wrong with it', (t) => {
  const wrong = { packages: 'x', take: [1], files: [{ path: 'x' }], entrypoint: 'x', environment: [], ports: ['80'] };
  for (const [field, value] of Object.entries(wrong)) {
    const text = JSON.stringify({ name: 'a/b:1', entrypoint: ['/x'], [field]: value });
    assert.throws(() => readSpecification(specificationFile(t, text)), new RegExp(`^Error: ${field} must be `));
  }
  for (const text of ['null', '[]']) assert.throws(() => readSpecification(specificationFile(t, text)), /JSON object/);
  assert.throws(
    () => readSpecification(specificationFile(t, '{"name":"a/b:1","entrypoint":["/x"],"pakages":[]}')),
    /pakages/,
  );
  assert.throws(
    () => readSpecification(specificationFile(t, '{"name":"Nothing","entrypoint":["/x"]}')),
    /name must be/,
  );
  assert.throws(() => readSpecification(specificationFile(t, '{"name":"a/b:1"}')), /entrypoint/);
});

test('what is no program needs nothing, and a cut one is an error', () => {
  assert.equal(needsOf(Buffer.from('#!/bin/sh\n')), undefined);
  const node = needsOf(readFileSync(process.execPath))!;
  assert.ok(node.interpreter?.includes('ld-linux') && node.libraries.includes('libc.so.6'));
  assert.throws(() => needsOf(readFileSync(process.execPath).subarray(0, 100)), RangeError);
});

test('the database image: the program, its libraries, Debian metadata, nothing else', {
  skip: cannotFetch,
}, async (t) => {
  const specification = readSpecification(join(shop, 'database.json'));
  const image = await buildImage(specification);
  assert.equal((await buildImage(specification)).digest, image.digest, 'the same inputs give the same image');
  const paths = pathsIn(t, image.tar);
  for (const wanted of ['usr/bin/redis-server', 'etc/os-release', 'var/lib/dpkg/status.d/libc6', 'data/'])
    assert.ok(paths.includes(wanted), `${wanted} is missing`);
  const programs = paths.filter((path) => /^(usr\/)?s?bin\/./.test(path));
  // Debian's redis-server is a link to the one program that both names start.
  assert.deepEqual(programs, ['usr/bin/redis-check-rdb', 'usr/bin/redis-server']);
});

test('a package that has not what is asked for is named', { skip: cannotFetch }, async (t) => {
  const path = specificationFile(
    t,
    '{"name":"a/b:1","entrypoint":["/x"],"packages":["base-files"],"take":["/usr/bin/nothing"]}',
  );
  await assert.rejects(buildImage(readSpecification(path)), /usr\/bin\/nothing.*base-files/);
});

test('the three tiers of the shop start hardened', { skip: cannotFetch || cannotRunContainerd }, async (t) => {
  const { runtime, folder, paths } = await startTestHost(t, '10.250.3.0/24');
  const hardened = {
    ...containerConfig('main', []).security,
    runAsUser: 10001,
    runAsGroup: 10001,
    readOnlyRootFilesystem: true,
    dropCapabilities: ['ALL'],
  };
  const configuration = join(folder, 'configuration');
  const start = async (
    tier: string,
    command: string[],
    args: string[],
    environment: { name: string; value: string }[],
  ) => {
    const specification = readSpecification(join(shop, `${tier}.json`));
    await importImage(paths.socket, (await buildImage(specification)).tar);
    const sandbox = await runtime.runPod(sandboxConfig(tier, folder));
    const mount = {
      hostPath: configuration,
      containerPath: '/configuration',
      readOnly: true,
      propagation: 'private' as const,
    };
    const writable = join(folder, tier);
    const temporary = {
      ...mount,
      hostPath: writable,
      containerPath: tier === 'database' ? '/data' : '/tmp',
      readOnly: false,
    };
    spawnSync('install', ['-d', '-m', '1777', writable, configuration]);
    writeFileSync(join(configuration, 'nginx.conf'), nginxConfiguration);
    const changes = { image: specification.name, args, environment, mounts: [mount, temporary], security: hardened };
    const container = await runtime.createContainer(sandbox, containerConfig('main', command, changes));
    await runtime.startContainer(container);
    return sandbox;
  };
  const ask = async (sandbox: string, port: number, question: string, until: RegExp) => {
    // The program may not listen yet.
    for (let attempt = 0; ; attempt += 1) {
      try {
        const connection = await runtime.openPort(sandbox, port);
        connection.write(question);
        let text = '';
        for await (const chunk of connection) {
          text += chunk;
          if (until.test(text)) return text;
        }
        throw new Error(`the connection ended after ${JSON.stringify(text)}`);
      } catch (error) {
        if (attempt === 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  };
  const database = await start(
    'database',
    [],
    ['--requirepass', 'secret', '--appendonly', 'yes', '--dir', '/data'],
    [],
  );
  assert.match(await ask(database, 6379, 'AUTH secret\r\nINCR a\r\n', /:\d/), /\+OK\r\n:1/);
  const api = await start('api', [], [], [{ name: 'DATABASE_HOST', value: '127.0.0.1' }]);
  assert.match(await ask(api, 8080, 'GET /healthz HTTP/1.0\r\n\r\n', /alive/), /200 OK/);
  const front = await start('front', [], ['-c', '/configuration/nginx.conf', '-g', 'daemon off;'], []);
  assert.match(await ask(front, 8080, 'GET /healthz HTTP/1.0\r\n\r\n', /alive/), /200 OK/);
});

const nginxConfiguration = `
pid /tmp/nginx.pid;
events {}
http {
  access_log off;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server { listen 8080; location = /healthz { return 200 "alive\\n"; } }
}
`;
