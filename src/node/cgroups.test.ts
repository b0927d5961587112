import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createCgroups } from './cgroups.ts';
import { testPod } from './pods/testing/view.ts';
import { cgroupFolder, isCgroupVersion2 } from './runtimes/cgroups.ts';

const skip = process.platform !== 'linux' || process.getuid?.() !== 0 ? 'needs root on Linux' : false;

test('a pod’s cgroup has its limits, is measured, and goes with the pod', { skip }, async (context) => {
  const cgroups = createCgroups(`/rempart-test-cgroups-${process.pid}`);
  context.after(() => cgroups.removeAll());
  const limits = { cpu: '500m', memory: '64Mi' };
  const pod = testPod({ containers: [{ name: 'main', resources: { limits } }] }, { uid: 'a-1' });
  const open = testPod({ containers: [{ name: 'main', resources: { limits } }, { name: 'other' }] }, { uid: 'a-2' });
  await cgroups.create(pod);
  await cgroups.create(open);
  assert.match(cgroups.parentOf(pod), /\/guaranteed\/poda-1$/);
  assert.match(cgroups.parentOf(open), /\/burstable\/poda-2$/);
  const memory = isCgroupVersion2() ? 'memory.max' : 'memory.limit_in_bytes';
  const limitOf = (of: typeof pod) =>
    readFileSync(join(cgroupFolder('memory', cgroups.parentOf(of)), memory), 'utf8').trim();
  assert.equal(limitOf(pod), String(64 * 2 ** 20));
  assert.notEqual(limitOf(open), String(64 * 2 ** 20));
  assert.equal((await cgroups.usage(pod))?.processes, 0);
  assert.equal(await cgroups.usage(testPod({}, { uid: 'none' })), undefined);
  assert.equal(await cgroups.removeOthers(new Set(['a-2'])), 1);
  assert.equal(existsSync(cgroupFolder('memory', cgroups.parentOf(pod))), false);
  await cgroups.remove(open);
  assert.equal(existsSync(cgroupFolder('memory', cgroups.parentOf(open))), false);
});
