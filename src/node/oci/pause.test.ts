import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { architecture } from './oci.ts';
import { pauseImage, pauseProgram } from './pause.ts';

const isLinux = process.platform === 'linux' ? false : 'needs Linux';

/** Does it sleep with no signal left to take? */
const isWaiting = (pid: number): boolean => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return /^State:\tS/m.test(status) && /^SigPnd:\t0+$/m.test(status) && /^ShdPnd:\t0+$/m.test(status);
};

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  test(`the pause program waits, and ends well on ${signal}`, { skip: isLinux }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'rempart-pause-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'pause');
    writeFileSync(path, pauseProgram(architecture), { mode: 0o755 });
    const child = spawn(path);
    await once(child, 'spawn');
    // A child's end is no reason to stop; neither is an interrupted wait.
    for (const harmless of ['SIGCHLD', 'SIGSTOP', 'SIGCONT'] as const) child.kill(harmless);
    while (!isWaiting(child.pid!)) await new Promise(setImmediate);
    assert.equal(child.exitCode, null);
    child.kill(signal);
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
  });

test('the pause image is a few hundred bytes of program, and always the same', () => {
  for (const arch of ['amd64', 'arm64'] as const) assert.ok(pauseProgram(arch).length < 300);
  assert.equal(pauseImage('arm64').digest, pauseImage('arm64').digest);
  assert.notEqual(pauseImage('arm64').digest, pauseImage('amd64').digest);
});
