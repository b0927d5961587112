import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const isRoot = process.getuid?.() === 0;
const nobody = isRoot ? { uid: 65_534, gid: 65_534 } : {};

/** What the bench says to somebody who is not root, without a stack. */
function refused(words: string[], message: RegExp): void {
  const program = ['--disallow-code-generation-from-strings', join(import.meta.dirname, 'bench.ts'), ...words];
  const { status, stderr } = spawnSync(process.execPath, program, { ...nobody, encoding: 'utf8', cwd: '/' });
  assert.equal(status, 1, stderr);
  assert.match(stderr, message);
  assert.doesNotMatch(stderr, /^\s+at /m, stderr);
}

test('what is asked for and cannot be is said in a sentence', () => {
  refused(['writing'], /^No benchmark writing\. There are: check, /);
  refused(['--nonsense'], /^Unknown option '--nonsense'/);
  for (const rounds of ['0', '101', 'many']) refused(['--rounds', rounds], /a number from 1 to 100/);
  refused(['--kubeconfig', '/no/such/file'], /\/no\/such\/file/);
});

test('a cluster that cannot start here says why, and leaves nothing', () => {
  const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('rempart-bench-'));
  const before = left();
  refused(['idle'], /^rempart: .*run this as root \(sudo rempart up\)\.$/m);
  assert.deepEqual(left(), before);
});
