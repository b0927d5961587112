import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type Development, noKubectl, openNamespace, startDevelopment } from './development.ts';

/** A Go program with client-go, as operators and controllers are written; go/main.go lists what it does. */
const noGo = spawnSync('go', ['version']).status === 0 ? noKubectl : 'go is not installed';
const source = join(import.meta.dirname, 'go');
const uses = [
  'discovery, aggregated and not',
  'REST mapper',
  'typed client in protobuf',
  'pagination',
  'dynamic client',
  'retry on conflict',
  'server-side apply',
  'shared informers with watch lists',
  'metadata informer',
  'leader election',
  'reconcile loop',
  'revision of the future',
];

let cluster: Development;
let told: string[] = [];
before(async () => {
  if (noGo) return;
  cluster = await startDevelopment();
  await cluster.kubectl('create -f -', openNamespace('go'));
  const program = join(cluster.folder, 'clients');
  // Minutes when nothing of client-go is in Go's build cache yet.
  await promisify(execFile)('go', ['build', '-mod=readonly', '-o', program, '.'], { cwd: source });
  const ran = promisify(execFile)(program, [cluster.kubeconfig, 'go']);
  const { stdout, stderr } = await ran.catch((failed) => failed);
  told = stdout.split('\n');
  if (told.some((line) => line.startsWith('failed'))) process.stderr.write(stderr);
});
after(() => cluster?.stop());

for (const use of uses)
  test(`client-go: ${use}`, { skip: noGo }, () => {
    assert.ok(told.includes(`ok ${use}`), told.find((line) => line.startsWith(`failed ${use}`)) ?? 'it did not end');
  });

test('every use of the program is asked for here', { skip: noGo }, () => {
  assert.deepEqual(told.filter((line) => /^(ok|failed) /.test(line)).length, uses.length);
});
