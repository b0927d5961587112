import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const shop = join(root, 'examples/shop/manifests');

function rempart(...words: string[]) {
  const program = ['--disallow-code-generation-from-strings', join(root, 'src/cli/main.ts'), ...words];
  const { status, stdout, stderr } = spawnSync(process.execPath, program, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('a folder is the last word, and a name is no folder', () => {
  assert.match(rempart('who-can', 'get', 'secrets', shop).stdout, /^Who can get secrets\n/);
  assert.match(rempart('who-can', 'get', 'secrets', 'database', shop).stdout, /^Who can get secrets "database"\n/);
  assert.match(rempart('path', shop).stdout, /secrets: reached from the Internet, and from 1 of 3 workloads/);
  assert.match(rempart('path', 'internet', 'secrets', shop).stdout, /the Internet → Deployment shop\/front/);
});

test('what is no place, no resource or no number is said in a sentence', () => {
  assert.match(rempart('path', 'internet', 'moon', shop).stderr, /"moon" is no end of a path/);
  assert.match(rempart('who-can', 'get', 'secret', shop).stderr, /no built-in resource "secret"/);
  assert.match(rempart('plan', shop, '--limit', '0').stderr, /from 1 to 50/);
});

test('the exposure of a folder, its plan as files, and roles that nobody watched for', () => {
  assert.match(rempart('exposure', shop).stdout, /NodePort any node:30080/);
  const folder = mkdtempSync(join(tmpdir(), 'rempart-plan-'));
  try {
    const { stdout, status } = rempart('plan', shop, '--write', folder);
    assert.equal(status, 0);
    assert.match(stdout, /Risk by paths: 0\.\d/);
    assert.ok(readdirSync(folder).length > 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const roles = rempart('roles', shop);
  assert.equal(roles.status, 3);
  assert.match(roles.stdout, /nobody watched them/);
});

test('every report for programs says when, by what and on what it was made', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const before = Date.now();
  for (const words of ['check', 'benchmark', 'plan', 'exposure', 'path', 'preview --remove deployment/shop/front']) {
    const [command = '', ...more] = words.split(' ');
    const report = JSON.parse(rempart(command, shop, ...more, '--format', 'json').stdout);
    const { madeBy, source, about } = report;
    assert.deepEqual([report.version, madeBy, source, about], [1, `rempart ${version}`, 'manifests', shop], words);
    assert.ok(Date.parse(report.madeAt) >= before, words);
  }
  const page = rempart('check', shop, '--format', 'html').stdout;
  assert.match(page, new RegExp(`Made at <time>[\\d-]+T[\\d:.]+Z</time> by rempart ${version}\\.`));
});

test('what could not be read is said, and nothing is said of nothing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-unread-'));
  try {
    for (const words of ['exposure', 'path', 'plan', 'benchmark', 'reach internet everywhere']) {
      const { status, stdout, stderr } = rempart(...words.split(' '), folder);
      assert.deepEqual([status, stdout], [3, ''], words);
      assert.match(stderr, /no object of Kubernetes is in it/);
    }
    writeFileSync(join(folder, 'broken.yaml'), 'apiVersion: v1\nkind: [\n');
    writeFileSync(join(folder, 'good.yaml'), 'apiVersion: v1\nkind: Namespace\nmetadata: { name: a }\n');
    const { status, stderr } = rempart('exposure', folder);
    assert.equal(status, 3);
    assert.match(stderr, /not read, so not assessed: .*broken\.yaml/);
    const pod = '{ hostNetwork: "true", containers: [{ name: a, image: "a:1" }] }';
    const unfit = `apiVersion: v1\nkind: Pod\nmetadata: { name: a, namespace: a }\nspec: ${pod}\n`;
    writeFileSync(join(folder, 'unfit.yaml'), unfit);
    const benchmark = rempart('benchmark', folder);
    assert.match(benchmark.stderr, /not read, so not assessed: .*broken\.yaml/);
    assert.match(benchmark.stdout, /not assessed +5\.2\.5 .*\n +Pod could not be read: Pod a\/a: .*hostNetwork/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('an account that no cluster answers is told without a stack', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-nowhere-'));
  try {
    const kubeconfig = join(folder, 'kubeconfig');
    const entry = (name: string, value: object) => [{ name: 'a', [name]: value }];
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        ...{ clusters: entry('cluster', { server: 'https://127.0.0.1:1' }), users: entry('user', { token: 't' }) },
        ...{ contexts: entry('context', { cluster: 'a', user: 'a' }), 'current-context': 'a' },
      }),
    );
    for (const command of ['drops', 'observations', 'exposure']) {
      const { status, stderr } = rempart(command, '--kubeconfig', kubeconfig);
      assert.equal(status, 1, command);
      assert.match(
        stderr,
        /^rempart: cluster a at https:\/\/127\.0\.0\.1:1: the API server cannot be reached/,
        command,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
