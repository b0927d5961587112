import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readStaticPod } from './static-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'rempart-static-'));
after(() => rmSync(folder, { recursive: true }));

const file = join(folder, 'pod.json');
const container = { name: 'web', image: 'web:1' };
const read = (changes: object, metadata: object = {}) => {
  const spec = { containers: [container] };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', ...metadata }, spec: { ...spec, ...changes } };
  writeFileSync(file, JSON.stringify(pod));
  return readStaticPod(file, 'node');
};

test('a static pod has the defaults of every pod, and of its metadata what is its own to say', async () => {
  const { metadata, spec, status } = await read(
    {},
    { labels: { app: 'web' }, ownerReferences: [], finalizers: ['a/b'] },
  );
  assert.deepEqual(Object.keys(metadata).sort(), ['annotations', 'generation', 'labels', 'name', 'namespace', 'uid']);
  assert.deepEqual([metadata.name, metadata.namespace], ['web-node', 'default']);
  assert.deepEqual([spec!.nodeName, spec!.restartPolicy, spec!.dnsPolicy], ['node', 'Always', 'ClusterFirst']);
  assert.equal(status?.phase, 'Pending');
});

for (const [what, changes, metadata, why] of [
  ['a name that leads elsewhere', {}, { name: '../../etc' }, /metadata.name: Invalid value/],
  ['a namespace that leads elsewhere', {}, { namespace: '../x' }, /metadata.namespace: Invalid value/],
  ['no name', {}, { name: '' }, /metadata.name: Required value/],
  ['labels that are none', {}, { labels: 5 }, /cannot be handled as a Pod/],
  ['containers that are none', { containers: [null] }, {}, /spec.containers\[0\].name: Required value/],
  ['no containers', { containers: [] }, {}, /spec.containers: Required value/],
  ['ports that are a number', { containers: [{ ...container, ports: 7 }] }, {}, /cannot be handled as a Pod/],
  ['a volume that leads elsewhere', { volumes: [{ name: '../x', emptyDir: {} }] }, {}, /volumes\[0\].name: Invalid/],
] as const)
  test(`refused: ${what}`, () => assert.rejects(read(changes, metadata), why));

test('what is no file is refused at once', async () => {
  const [pipe, device] = [join(folder, 'pipe'), join(folder, 'device')];
  execFileSync('mkfifo', [pipe]);
  symlinkSync('/dev/zero', device);
  for (const path of [pipe, device, folder]) await assert.rejects(readStaticPod(path, 'node'), /not a file/);
});

test('a file of a mebibyte is read, a larger one is not', async () => {
  const text = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: { containers: [container] },
  });
  writeFileSync(file, text.padEnd(1024 * 1024));
  assert.equal((await readStaticPod(file, 'node')).metadata.name, 'web-node');
  writeFileSync(file, text.padEnd(1024 * 1024 + 1));
  await assert.rejects(readStaticPod(file, 'node'), /larger than 1048576 bytes/);
});
