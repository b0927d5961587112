import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkHostPath } from './host-path.ts';
import { folder } from './testing/folder.ts';

test('what is missing is made where the type says so', async (context) => {
  const root = folder(context);
  await checkHostPath(join(root, 'a/b'), 'DirectoryOrCreate', 'volume "v"');
  assert.ok(statSync(join(root, 'a/b')).isDirectory());
  await checkHostPath(join(root, 'file'), 'FileOrCreate', 'volume "v"');
  await checkHostPath(join(root, 'file'), 'FileOrCreate', 'volume "v"');
  assert.ok(statSync(join(root, 'file')).isFile());
  await assert.rejects(checkHostPath(join(root, 'file'), 'Directory', 'volume "v"'), /is not a Directory/);
});

test('a pipe that nobody reads is no file, and is not waited for', async (context) => {
  const pipe = join(folder(context), 'pipe');
  execFileSync('mkfifo', [pipe]);
  await assert.rejects(checkHostPath(pipe, 'FileOrCreate', 'volume "v"'), /is not a FileOrCreate/);
});

test('a directory that cannot be made is told', async () => {
  await assert.rejects(checkHostPath('/proc/x', 'DirectoryOrCreate', 'volume "v"'), /hostPath \/proc\/x: ENOENT/);
});
