import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { ociImage } from './oci.ts';
import { type TarEntry, tar } from './tar.ts';

const long = `${'d'.repeat(90)}/${'e'.repeat(90)}/name`;
const entries: TarEntry[] = [
  { path: 'folder', mode: 0o750, owner: 65532, kind: 'folder' },
  { path: 'folder/file', mode: 0o644, kind: 'file', data: Buffer.from('text') },
  { path: 'link', mode: 0o777, kind: 'link', target: `/${long}` },
  { path: long, mode: 0o4755, kind: 'file', data: Buffer.alloc(1025, 'x') },
];

test('an archive says to tar what was put into it, long names too', () => {
  const listed = spawnSync('tar', ['-tv', '--numeric-owner', '--utc'], { input: tar(entries), encoding: 'utf8' });
  assert.equal(listed.stderr, '');
  const lines = listed.stdout
    .trim()
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' '));
  assert.deepEqual(lines, [
    'drwxr-x--- 65532/65532 0 1970-01-01 00:00 folder/',
    '-rw-r--r-- 0/0 4 1970-01-01 00:00 folder/file',
    `lrwxrwxrwx 0/0 0 1970-01-01 00:00 link -> /${long}`,
    `-rwsr-xr-x 0/0 1025 1970-01-01 00:00 ${long}`,
  ]);
});

test('the same image has the same digest, whatever its name', () => {
  const layers = [entries, entries];
  const one = ociImage('rempart.local/one:1', layers, { User: '1' }, 'amd64');
  assert.equal(one.digest, ociImage('rempart.local/two:2', layers, { User: '1' }, 'amd64').digest);
  assert.notEqual(one.digest, ociImage('rempart.local/one:1', layers, { User: '2' }, 'amd64').digest);
});
