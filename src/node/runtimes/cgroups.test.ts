import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cgroupFolder, createPodCgroup, isCgroupVersion2, removePodCgroup } from './cgroups.ts';
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

test('a cgroup that is not ours is refused', () => {
  for (const path of ['', '/', 'relative', '/../system', '//'])
    assert.throws(() => removePodCgroup(path), /not the path of a cgroup/);
});
