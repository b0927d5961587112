import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from './make-folder.ts';

test('a folder is made with those above it, and one that is there stays', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-folder-'));
  try {
    makeFolder(join(folder, 'a/b'), 0o700);
    makeFolder(join(folder, 'a/b'));
    assert.equal(statSync(join(folder, 'a/b')).mode & 0o777, 0o700);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

// In a process of its own, because what is tested would never return.
test('where no folder can be made, that is said at once', { skip: process.platform !== 'linux' }, () => {
  const module = join(import.meta.dirname, 'make-folder.ts');
  const program = `import { makeFolder } from ${JSON.stringify(module)};
    try { makeFolder('/proc/x/y'); } catch (error) { console.log(error.code); }`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 5000 });
  assert.equal(said.toString(), 'ENOENT\n');
});
