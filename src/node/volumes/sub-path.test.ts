import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemMounter } from './mounter.ts';
import { mountSubPath } from './sub-path.ts';
import { asRoot, folder, mode } from './testing/folder.ts';

test(
  'a sub-path is mounted from inside the volume, made when missing, and never led outside',
  asRoot,
  async (context) => {
    const root = folder(context);
    const volume = join(root, 'volume');
    const secret = join(root, 'secret');
    for (const path of [join(volume, 'present'), secret]) mkdirSync(path, { recursive: true });
    writeFileSync(join(volume, 'present', 'file'), 'x');
    symlinkSync(secret, join(volume, 'escape'));
    symlinkSync('present', join(volume, 'inside'));
    const mount = (path: string, target: string) =>
      mountSubPath(volume, path, join(root, 'targets', target), systemMounter);
    await mount('present', 'a');
    assert.equal(readFileSync(join(root, 'targets/a/file'), 'utf8'), 'x');
    await mount('present/file', 'b');
    assert.ok(lstatSync(join(root, 'targets/b')).isFile());
    await mount('inside/file', 'c');
    await mount('new/deep', 'd');
    assert.ok(existsSync(join(volume, 'new/deep')));
    rmSync(join(volume, 'present', 'file'));
    writeFileSync(join(volume, 'present', 'file'), 'newer');
    await mount('present/file', 'b');
    assert.equal(readFileSync(join(root, 'targets/b'), 'utf8'), 'newer');
    for (const path of ['escape', 'escape/x', '../secret', '/etc', 'present/../../secret', 'inside/../../secret'])
      await assert.rejects(mount(path, 'z'), /subPath/, path);
    assert.deepEqual(readdirSync(secret), []);
  },
);

test('what a container puts in a volume is mounted without being opened', asRoot, async (context) => {
  const root = folder(context);
  const volume = join(root, 'volume');
  mkdirSync(volume);
  // Opening this one fails: nothing in any kernel answers to it. Opening a watchdog would restart the machine.
  execFileSync('mknod', [join(volume, 'device'), 'c', '240', '77']);
  execFileSync('mkfifo', [join(volume, 'pipe')]);
  for (const name of ['device', 'device', 'pipe', 'pipe']) {
    await mountSubPath(volume, name, join(root, 'targets', name), systemMounter);
    assert.equal(statSync(join(root, 'targets', name)).ino, statSync(join(volume, name)).ino);
  }
});

test(
  'directories that a sub-path makes are root’s, with the rights of the volume, not of what lies between',
  asRoot,
  async (context) => {
    const root = folder(context);
    const volume = join(root, 'volume');
    mkdirSync(join(volume, 'between'), { recursive: true, mode: 0o700 });
    chownSync(join(volume, 'between'), 4243, 4244);
    for (const [index, rights] of [0o2770, 0o1777, 0o755].entries()) {
      chmodSync(volume, rights);
      await mountSubPath(volume, `between/${index}/deep`, join(root, 'targets', `${index}`), systemMounter);
      for (const path of [`between/${index}`, `between/${index}/deep`]) {
        const { uid, gid } = statSync(join(volume, path));
        assert.deepEqual([mode(join(volume, path)), uid, gid], [rights.toString(8), 0, 0]);
      }
    }
    assert.equal(mode(join(volume, 'between')), '700');
    chmodSync(join(volume, 'between'), 0o2700);
    await mountSubPath(volume, 'between/grouped', join(root, 'targets', 'grouped'), systemMounter);
    const { uid, gid } = statSync(join(volume, 'between/grouped'));
    assert.deepEqual([uid, gid], [0, 4244]);
  },
);
