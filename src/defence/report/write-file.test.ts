import assert from 'node:assert/strict';
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
