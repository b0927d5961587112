import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { removeKubeconfig, writeKubeconfig } from './kubeconfig.ts';

const directory = mkdtempSync(join(tmpdir(), 'rempart-kubeconfig-'));
after(() => rmSync(directory, { recursive: true }));

const entry = {
  name: 'rempart',
  server: 'https://127.0.0.1:6443',
  authority: 'CA',
  credential: { certificate: 'CERT', key: 'KEY', notBeforeMs: 0, notAfterMs: 1 },
};

test('a new kubeconfig is private and selects its context', async () => {
  const file = join(directory, 'new', 'config');
  await writeKubeconfig(file, entry);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const config = parse(readFileSync(file, 'utf8'));
  assert.equal(config['current-context'], 'rempart');
  assert.equal(Buffer.from(config.users[0].user['client-key-data'], 'base64').toString(), 'KEY');
});

test('an existing kubeconfig keeps its other contexts, and removal leaves them', async () => {
  const file = join(directory, 'existing');
  await writeKubeconfig(file, { ...entry, name: 'work' });
  await writeKubeconfig(file, entry);
  await writeKubeconfig(file, { ...entry, server: 'https://127.0.0.1:7443' });
  const both = parse(readFileSync(file, 'utf8'));
  assert.deepEqual(
    both.clusters.map(({ name, cluster }: any) => [name, cluster.server]),
    [
      ['work', 'https://127.0.0.1:6443'],
      ['rempart', 'https://127.0.0.1:7443'],
    ],
  );
  await removeKubeconfig(file, 'rempart');
  const left = parse(readFileSync(file, 'utf8'));
  assert.deepEqual([left.contexts.length, left.users.length, left['current-context']], [1, 1, '']);
});

test('a file that is something else is not overwritten', async () => {
  const file = join(directory, 'other');
  writeFileSync(file, 'kind: Deployment\n');
  await assert.rejects(writeKubeconfig(file, entry), /not a kubeconfig/);
  assert.equal(readFileSync(file, 'utf8'), 'kind: Deployment\n');
});
