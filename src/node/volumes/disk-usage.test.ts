import assert from 'node:assert/strict';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { diskUsage } from './disk-usage.ts';

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'rempart-usage-'));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('files count wherever they are, what a link leads to does not', async (context) => {
  const root = folder(context);
  mkdirSync(join(root, 'deep/er'), { recursive: true });
  writeFileSync(join(root, 'deep/er/file'), Buffer.alloc(100_000, 1));
  symlinkSync('/', join(root, 'link'));
  const bytes = await diskUsage(root);
  assert.ok(bytes >= 100_000 && bytes < 150_000, String(bytes));
  assert.equal(await diskUsage(join(root, 'none')), 0);
});

const skip = process.platform === 'linux' ? false : 'needs du(1) of GNU';

test('many files hide none: they are counted by another process', { skip }, async (context) => {
  const root = folder(context);
  for (let index = 0; index <= 10_000; index++) closeSync(openSync(join(root, `${index}`), 'w'));
  mkdirSync(join(root, 'z'));
  writeFileSync(join(root, 'z/file'), Buffer.alloc(5_000_000, 1));
  const bytes = await diskUsage(root);
  assert.ok(bytes >= 5_000_000 && bytes < 8_000_000, String(bytes));
});
