import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeFile } from './write-file.ts';

test('a file is written with the folders that it stands in', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-write-'));
  try {
    for (const file of ['a', 'b/c/d', 'b/c/e']) {
      writeFile(join(folder, file), file);
      assert.equal(readFileSync(join(folder, file), 'utf8'), file);
    }
    assert.throws(() => writeFile(join(folder, 'a/b'), ''), /a\/b: cannot be written/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

// In a process of its own, because what is tested would never return.
test('where no folder can be made, that is said at once', { skip: process.platform !== 'linux' }, () => {
  const module = join(import.meta.dirname, 'write-file.ts');
  const program = `import { writeFile } from ${JSON.stringify(module)};
    try { writeFile('/proc/x/y/z', ''); } catch (error) { console.log(error.message); }`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 5000 });
  assert.match(said.toString(), /^\/proc\/x\/y\/z: cannot be written \(ENOENT/);
});
