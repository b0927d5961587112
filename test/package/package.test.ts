import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'rempart-package-'));
const installed = join(folder, 'node_modules/rempart');
const program = join(folder, 'node_modules/.bin/rempart');
const env: NodeJS.ProcessEnv = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };
after(() => rmSync(folder, { recursive: true, force: true }));

const versionOf = (node: string) => (existsSync(node) ? run(node, ['--version']).trim() : 'an older Node');
const run = (file: string, words: string[], cwd = folder, environment: NodeJS.ProcessEnv = env) =>
  execFileSync(file, words, { cwd, env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const withNode = (node: string) => ({ ...env, PATH: `${dirname(node)}:${process.env['PATH']}` });

before(() => {
  run('npm', ['pack', '--pack-destination', folder], root);
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `./${archive}`]);
});

test('the package has no TypeScript, no tests and no tools, but the example', () => {
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
  assert.deepEqual(
    files.filter((file) => /\.ts$|\.test\.|(^|\/)testing\/|^(tools|test|bench)\//.test(file)),
    [],
  );
  for (const wanted of [
    'examples/shop/images/front.json',
    'examples/shop/manifests',
    'dist/cluster/processes/supervise.sh',
  ])
    assert.ok(existsSync(join(installed, wanted)), `${wanted} is missing`);
});

test('its help names the commands', () => {
  assert.match(run(program, ['help']), /up .*start a cluster/s);
});

const compiled = join(installed, '.cache/compiled');

test('what is compiled of it is kept beside it, for its owner only', () => {
  run(program, ['help']);
  assert.equal(statSync(compiled).mode & 0o777, 0o700);
  assert.ok(readdirSync(compiled).length > 0);
});

test('nothing is kept beside the code of somebody else', { skip: process.getuid!() !== 0 && 'needs root' }, () => {
  rmSync(compiled, { recursive: true });
  chownSync(installed, 65_534, 65_534);
  run(program, ['help']);
  chownSync(installed, 0, 0);
  assert.ok(!existsSync(compiled));
});

test('each of its dependencies loads without code from strings', () => {
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  const imports = Object.keys(dependencies).map((name) => `await import(${JSON.stringify(name)});`);
  const words = ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', imports.join('')];
  run(process.execPath, words, installed);
});

test('it builds an image', { skip: !existsSync('/usr/bin/apt-get') && 'needs apt-get' }, () => {
  const specification = join(installed, 'examples/shop/images/database.json');
  assert.match(run(program, ['images', 'build', specification, 'database.tar']), /^rempart\.local\/\S+ sha256:\w+ /);
  assert.match(run('tar', ['-tf', 'database.tar']), /^oci-layout$/m);
});

/** Also the oldest Node that the package says it runs on, where there is one for this machine (test/clients). */
const oldest = join(root, `test/clients/node_modules/node-24-${process.platform}-${process.arch}/bin/node`);
for (const node of [process.execPath, oldest])
  test(`its control plane answers on ${versionOf(node)}`, {
    skip: !existsSync(node) && 'no such Node here',
  }, async () => {
    const kubeconfig = join(folder, 'dev.kubeconfig');
    const words = ['dev', '--port', '0', '--nodes', '1', '--kubeconfig', kubeconfig];
    const child = spawn(program, words, {
      cwd: folder,
      env: withNode(node),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    try {
      let url: string | undefined;
      for await (const line of createInterface({ input: child.stdout })) {
        url = /https:\/\/\S+?:\d+/.exec(line)?.[0];
        if (url !== undefined) break;
      }
      assert.ok(url, 'it ended without saying where it listens');
      assert.equal(await statusOf(`${url}/readyz`, kubeconfig), 200);
      if (process.platform === 'linux') assert.equal(realpathSync(`/proc/${child.pid}/exe`), realpathSync(node));
    } finally {
      child.kill();
      await ended;
    }
  });

const cannotStart =
  process.platform !== 'linux' || process.getuid!() !== 0
    ? 'needs root on Linux'
    : !existsSync(oldest) && 'no such Node here';
test('a cluster of it comes up on the oldest Node, closed, and goes again', { skip: cannotStart }, () => {
  // The API server's user has to find its code.
  chmodSync(folder, 0o755);
  const place = ['--data-dir', join(folder, 'cluster')];
  const apart = ['--port', '17160', '--pod-cidr', '10.216.0.0/16', '--service-cidr', '10.236.0.0/16'];
  const rempart = (...words: string[]) => run(program, [...words, ...place], folder, withNode(oldest));
  try {
    assert.match(rempart('up', ...apart), /The cluster runs/);
    const { healthy, protections } = JSON.parse(rempart('status', '--format', 'json'));
    assert.equal(healthy, true);
    assert.deepEqual(
      protections.filter(({ relaxed }: { relaxed: boolean }) => relaxed),
      [],
    );
  } finally {
    rempart('down', '--purge');
  }
});

test('the oldest Node that is tried is the one that the package names', { skip: !existsSync(oldest) }, () => {
  const { engines } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  assert.equal(`>=${versionOf(oldest).split('.')[0]!.slice('v'.length)}`, engines.node);
});

function statusOf(url: string, kubeconfig: string): Promise<number | undefined> {
  const encoded = /certificate-authority-data: (\S+)/.exec(readFileSync(kubeconfig, 'utf8'))![1]!;
  const ca = Buffer.from(encoded, 'base64');
  return new Promise((resolve, reject) => {
    get(url, { ca }, (response) => resolve(response.resume().statusCode)).on('error', reject);
  });
}
