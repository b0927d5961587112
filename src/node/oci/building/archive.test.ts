import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { buildArchive, fingerprintOf } from './archive.ts';

const folder = mkdtempSync(join(tmpdir(), 'rempart-archive-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'hello.json');
const describe = (port: number) =>
  writeFileSync(
    file,
    JSON.stringify({
      name: 'a/b:1',
      entrypoint: ['/x'],
      ports: [port],
      files: [
        { path: 'x', from: 'x.sh' },
        { path: 'node', from: '$node' },
      ],
    }),
  );

test('a fingerprint changes with the specification and with each of its files, and with nothing else', () => {
  describe(80);
  writeFileSync(join(folder, 'x.sh'), 'one');
  const first = fingerprintOf(file);
  assert.equal(fingerprintOf(file), first);
  writeFileSync(join(folder, 'x.sh'), 'two');
  const second = fingerprintOf(file);
  assert.notEqual(second, first);
  describe(81);
  assert.notEqual(fingerprintOf(file), second);
});

test('what cannot be built is named, and leaves no half archive', async () => {
  const archive = join(folder, 'out', 'nothing.tar');
  await assert.rejects(buildArchive(join(folder, 'missing.json'), archive), /missing\.json cannot be built: ENOENT/);
  writeFileSync(file, '{"name":"a/b:1","entrypoint":["/x"],"files":[{"path":"x","from":"absent"}]}');
  await assert.rejects(buildArchive(file, archive), /hello\.json cannot be built: .*absent/);
  assert.equal(existsSync(archive), false);
  assert.deepEqual(readdirSync(folder).sort(), ['hello.json', 'x.sh']);
});
