import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkPath, writeAtomically } from './atomic-writer.ts';
import { folder } from './testing/folder.ts';

const files = (texts: Record<string, string>) =>
  new Map(Object.entries(texts).map(([path, text]) => [path, { bytes: Buffer.from(text), mode: 0o644 }]));

test('an update appears all at once, removes what has gone, and an equal one changes nothing', async (context) => {
  const root = folder(context);
  assert.equal(await writeAtomically(root, files({ a: '1', 'b/c': '1' })), true);
  const first = readlinkSync(join(root, '..data'));
  assert.equal(await writeAtomically(root, files({ a: '1', 'b/c': '1' })), false);
  assert.equal(readlinkSync(join(root, '..data')), first);
  assert.equal(await writeAtomically(root, files({ a: '2' })), true);
  assert.equal(readFileSync(join(root, 'a'), 'utf8'), '2');
  assert.equal(existsSync(join(root, 'b')), false);
  const own = readdirSync(root).filter((name) => name.startsWith('..'));
  assert.deepEqual(own.sort(), ['..data', readlinkSync(join(root, '..data'))].sort());
});

test('an update that a killed agent left half done does not become the next one', async (context) => {
  const root = folder(context);
  await writeAtomically(root, files({ a: '1' }));
  symlinkSync('..half_done', join(root, '..data_tmp'));
  await writeAtomically(root, files({ a: '2' }));
  assert.equal(readFileSync(join(root, 'a'), 'utf8'), '2');
});

test('an update that fails leaves nothing, however often it is tried', async (context) => {
  const root = folder(context);
  await writeAtomically(root, files({ a: '1' }));
  const before = readdirSync(root);
  for (let tries = 0; tries < 2; tries++)
    await assert.rejects(writeAtomically(root, files({ secret: '1', ['b'.repeat(256)]: '1' })), /ENAMETOOLONG/);
  assert.deepEqual(readdirSync(root), before);
});

test('a file cannot be a directory, too', async (context) => {
  const both = files({ b: '1', 'b/c/d': '1' });
  await assert.rejects(writeAtomically(folder(context), both), /b\/c\/d is to lie in b, which is a file itself/);
});

test('a path that would leave the volume is refused', () => {
  for (const path of ['', '/etc/passwd', '../x', 'a/../../x', '..data', '..x/y', 'a//b', './a', 'a\0'.repeat(3000)])
    assert.throws(() => checkPath(path), /invalid path/, path.slice(0, 20));
  for (const path of ['a', 'a/b', 'a..b', '.hidden']) checkPath(path);
});
