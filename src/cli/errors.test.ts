import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const main = join(import.meta.dirname, 'main.ts');
const folder = mkdtempSync(join(tmpdir(), 'rempart-errors-'));
chmodSync(folder, 0o755);
after(() => rmSync(folder, { recursive: true, force: true }));
const isRoot = process.getuid?.() === 0;
const nobody = isRoot ? { uid: 65_534, gid: 65_534 } : {};

/** What the command line says, and that it never shows a stack. */
function rempart(words: string[], identity: { uid?: number; gid?: number } = {}) {
  const flags = ['--disallow-code-generation-from-strings', '--no-warnings', main];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, ...words], {
    ...identity,
    encoding: 'utf8',
    cwd: '/',
  });
  assert.doesNotMatch(stderr, /^\s+at /m, stderr);
  return { status, stdout, stderr };
}

function refused(words: string[], message: RegExp, identity = {}): void {
  const { status, stderr } = rempart(words, identity);
  assert.equal(status, 1, stderr);
  assert.match(stderr, message);
}

const nothing = join(folder, 'nothing');

test('help fits a terminal of 80 columns, and breaks lines between words', () => {
  for (const words of [['help'], ['help', 'up'], ['images', '--help']]) {
    const { stdout } = rempart(words);
    const long = stdout.split('\n').filter((line) => line.length > 80);
    assert.deepEqual(long, []);
  }
});

test('an unknown option or command is answered with where help is', () => {
  refused(['up', '--nonsense'], /unknown option '--nonsense'[\s\S]*rempart help/);
  refused(['nonsense'], /unknown command 'nonsense'/);
});

test('what asks for a cluster says when there is none, and how to start one', () => {
  for (const command of ['status', 'audit', 'rotate-keys', 'break-glass'])
    refused([command, '--data-dir', nothing], /There is no cluster in .*nothing\. Start one with: rempart up/);
  refused(['images', 'list', '--data-dir', nothing], /Start one with: rempart up/);
  assert.equal(existsSync(nothing), false, 'a mistyped directory was made');
});

test('down without a cluster, also twice, is no mistake', () => {
  for (let time = 0; time < 2; time++) {
    const { status, stdout } = rempart(['down', '--data-dir', nothing]);
    assert.equal(status, 0);
    assert.match(stdout, /There is no cluster in .*nothing/);
  }
});

test('who is not root is told to be', () => {
  refused(['up', '--data-dir', nothing], /run this as root \(sudo rempart up\)/, nobody);
  const existing = clusterFile(JSON.stringify({ dataDirectory: folder, runDirectory: join(folder, 'run') }));
  refused(['down', '--data-dir', existing], /run this as root \(sudo rempart down\)/, nobody);
  refused(['rotate-keys', '--data-dir', existing], /run this as root/, nobody);
  chmodSync(join(existing, 'cluster.json'), 0o600);
  if (isRoot)
    refused(['status', '--data-dir', existing], /cluster\.json is not for everybody: run this as root/, nobody);
});

test('a damaged cluster.json is named', () => {
  const damaged = clusterFile('{"name":');
  for (const command of ['up', 'status', 'down'])
    refused([command, '--data-dir', damaged], /cluster\.json cannot be read: .*JSON/);
  for (const text of ['[]', '"text"', '{"dataDirectory":7}'])
    refused(['status', '--data-dir', clusterFile(text)], /cluster\.json is not the configuration of a cluster/);
});

test('a kubeconfig that is none is refused before anything is started', { skip: !isRoot && 'needs root' }, () => {
  const file = join(folder, 'not.kubeconfig');
  for (const [text, message] of [
    ['kind: Pod\n', /not\.kubeconfig is not a kubeconfig: name another file with --kubeconfig/],
    ['{{{', /not\.kubeconfig is not valid YAML/],
  ] as const) {
    writeFileSync(file, text);
    refused(['up', '--data-dir', nothing, '--kubeconfig', file], message);
  }
  assert.equal(existsSync(nothing), false);
});

test('a port that is taken is named with the flag', { skip: !isRoot && 'needs root' }, async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  refused(
    ['up', '--data-dir', nothing, '--port', String(port)],
    /taken by another program\. Choose another with --port/,
  );
  server.close();
});

test('a control plane for development that cannot start says why, and ends', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const kubeconfig = join(folder, 'dev.kubeconfig');
  refused(
    ['dev', '--port', String(port), '--kubeconfig', kubeconfig],
    /taken by another program: choose another with --p/,
  );
  server.close();
  writeFileSync(join(folder, 'file'), '{{{');
  refused(['dev', '--port', '0', '--kubeconfig', join(folder, 'file')], /file is not valid YAML/);
  refused(['dev', '--port', '0', '--kubeconfig', join(folder, 'file/k')], /a file is where a folder should be/);
});

test('choices that make no sense are refused', () => {
  for (const [command, port] of [
    ['up', 'many'],
    ['demo', '65536'],
    ['dev', '-1'],
  ])
    refused([command!, '--port', port!], /--port <number>.* is invalid\. It is a number up to 65535/);
  refused(['dev', '--nodes', '5001'], /It is a number up to 5000/);
  refused(['up', '--data-dir', nothing, '--port', '80'], /not root, so choose a port from 1024/);
  refused(['up', '--data-dir', nothing, '--relax', 'nothing'], /no such protection/);
  refused(['up', '--data-dir', nothing, '--listen', '192.0.2.1'], /--allow-from CIDR/);
});

test('an image that cannot be built or imported is named', () => {
  refused(['images', 'build', join(folder, 'absent.json')], /absent\.json cannot be built: ENOENT/);
});

let number = 0;
function clusterFile(text: string): string {
  const directory = mkdtempSync(join(folder, `cluster-${number++}-`));
  chmodSync(directory, 0o755);
  writeFileSync(join(directory, 'cluster.json'), text);
  return directory;
}

test('a reader that has enough ends it without a word', async () => {
  const manifests = join(import.meta.dirname, '../../examples/shop/manifests');
  const words = ['--disallow-code-generation-from-strings', main, 'check', manifests, '--format', 'json'];
  const program = spawn(process.execPath, words);
  program.stdout.destroy();
  let said = '';
  program.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const [code] = await once(program, 'close');
  assert.equal(said, '');
  assert.equal(code, 141, 'not 0, which would say that nothing was found');
});
