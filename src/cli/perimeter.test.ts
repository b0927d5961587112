import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
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
