import assert from 'node:assert/strict';
import { closeSync, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { diskUsage } from './disk-usage.ts';
import { folder, makeTooDeep, oddName } from './testing/folder.ts';

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

test('nothing hides behind a name that is no UTF-8 or a path that is too long', { skip }, async (context) => {
  const bytes = Buffer.alloc(5_000_000, 1);
  const [odd, deep] = [folder(context), folder(context)];
  mkdirSync(oddName(odd));
  writeFileSync(Buffer.concat([oddName(odd), Buffer.from('/file')]), bytes);
  makeTooDeep(deep, bytes);
  for (const path of [odd, deep]) assert.ok((await diskUsage(path)) >= 5_000_000, path);
});
