import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { testContainer, testPod } from '../pods/testing/view.ts';
import { readStorage, totalBytes } from './storage-usage.ts';

test('what a pod has on the disk are the layers of its containers, their logs and messages, emptyDirs that are on it, and /etc/hosts', async (context) => {
  const root = mkdtempSync(join(tmpdir(), 'rempart-usage-'));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  const [logs, disk, memory, messages] = ['logs', 'disk', 'memory', 'messages'].map((name) => join(root, name)) as [
    string,
    string,
    string,
    string,
  ];
  for (const path of [
    join(logs, 'main'),
    join(logs, 'init'),
    join(disk, 'deep'),
    memory,
    join(messages, 'main'),
    join(logs, 'debug'),
  ])
    mkdirSync(path, { recursive: true });
  const written = Buffer.alloc(100_000, 1);
  for (const path of [
    join(logs, 'main/0.log'),
    join(logs, 'init/0.log'),
    join(disk, 'deep/file'),
    join(memory, 'file'),
    join(messages, 'main/0.message'),
    join(logs, 'debug/0.log'),
    join(root, 'hosts'),
  ])
    writeFileSync(path, written);
  symlinkSync('/', join(disk, 'link'));
  const volumes = [
    { name: 'disk', emptyDir: {} },
    { name: 'memory', emptyDir: { medium: 'Memory' } },
    { name: 'host', hostPath: { path: disk } },
  ];
  const image = 'i';
  const pod = testPod({
    volumes,
    initContainers: [{ name: 'init', image }],
    containers: [{ name: 'main', image }],
    ephemeralContainers: [{ name: 'debug', image }],
  });
  const mounted = new Map(
    [disk, memory, disk].map((hostPath, index) => [volumes[index]!.name, { hostPath, readOnly: false }]),
  );
  const stored = {
    pod,
    containers: [testContainer(pod, 'main')],
    volumes: mounted,
    logDirectory: logs,
    hostsFile: join(root, 'hosts'),
    messagesDirectory: messages,
  };
  const usage = await readStorage(stored, { writableBytes: async () => 5_000_000 });
  const inFile = (bytes: number | undefined) => bytes! >= 100_000 && bytes! < 150_000;
  assert.ok(inFile(usage.containers.get('init')));
  assert.ok(inFile(usage.containers.get('debug')));
  // The log and the termination message, which any user of a container may fill.
  assert.ok(inFile((usage.containers.get('main')! - 5_000_000) / 2));
  assert.ok(inFile(usage.hostsBytes));
  assert.deepEqual([...usage.volumes.keys()], ['disk']);
  assert.ok(inFile(usage.volumes.get('disk')));
  assert.equal(totalBytes({ containers: new Map([['a', 1]]), volumes: new Map([['b', 2]]), hostsBytes: 4 }), 7);
});
