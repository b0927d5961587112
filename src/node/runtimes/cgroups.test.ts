import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { readCgroupUsage } from './cgroup-usage.ts';
import { canLimitProcesses, cgroupFolder, createPodCgroup, isCgroupVersion2, removePodCgroup } from './cgroups.ts';
import { cannotRunContainerd } from './testing/host.ts';

test('a pod cgroup has its limits, takes new ones, and goes with its parents', { skip: cannotRunContainerd }, (t) => {
  const root = `/rempart-test-cgroup-${process.pid}`;
  const path = `${root}/burstable/pod1`;
  t.after(() => removePodCgroup(root));
  const limit = (bytes: number) => {
    createPodCgroup(path, { cpuShares: 512, memoryLimitBytes: bytes, processesMax: 100 });
    const file = isCgroupVersion2() ? 'memory.max' : 'memory.limit_in_bytes';
    return Number(readFileSync(join(cgroupFolder('memory', path), file), 'utf8'));
  };
  assert.equal(limit(64 * 2 ** 20), 64 * 2 ** 20);
  assert.equal(limit(32 * 2 ** 20), 32 * 2 ** 20);
  assert.equal(Number(readFileSync(join(cgroupFolder('pids', path), 'pids.max'), 'utf8')), 100);
  assert.equal(removePodCgroup(root), true);
  assert.ok(!existsSync(cgroupFolder('memory', root)));
  assert.equal(removePodCgroup(root), true);
});

test('without a controller for processes the rest is read', { skip: cannotRunContainerd }, async (t) => {
  const root = `/rempart-test-usage-${process.pid}`;
  const path = `${root}/pod1`;
  t.after(() => removePodCgroup(root));
  createPodCgroup(path, {});
  const folder = cgroupFolder('pids', path);
  if (isCgroupVersion2()) writeFileSync(join(dirname(folder), 'cgroup.subtree_control'), '-pids');
  else rmdirSync(folder);
  assert.equal((await readCgroupUsage(path)).processes, 0);
  await assert.rejects(readCgroupUsage(`${root}/none`));
});

test('whether processes can be limited is seen in either version of cgroups', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'rempart-cgroups-'));
  t.after(() => rmSync(root, { recursive: true }));
  assert.equal(canLimitProcesses(root), false);
  mkdirSync(join(root, 'pids'));
  assert.equal(canLimitProcesses(root), true);
  writeFileSync(join(root, 'cgroup.controllers'), 'cpu memory\n');
  assert.equal(canLimitProcesses(root), false);
  writeFileSync(join(root, 'cgroup.controllers'), 'cpu memory pids\n');
  assert.equal(canLimitProcesses(root), true);
});

test('a cgroup that is not ours is refused', () => {
  for (const path of ['', '/', 'relative', '/../system', '//'])
    assert.throws(() => removePodCgroup(path), /not the path of a cgroup/);
});
