import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { manualClock, systemClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import { repeat } from '../../foundation/repeat.ts';
import { cannotRunContainerd, containerConfig, sandboxConfig, startTestHost } from '../runtimes/testing/host.ts';
import { readLog } from './read.ts';
import { startLogRotation } from './rotate.ts';

function rotating(t: TestContext, reopen: (path: string) => void) {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-log-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const logPath = join(folder, '0.log');
  const clock = manualClock(Date.parse('2026-01-31T08:00:00Z'));
  const rotation = startLogRotation({
    bytesMax: 10,
    filesMax: 3,
    clock,
    log: silentLog,
    containers: async () => [{ id: 'c', logPath }],
    reopen: async () => reopen(logPath),
  });
  t.after(rotation.stop);
  return { folder, logPath, clock, rotation };
}

test('a log that grew too large gets a new file; the oldest go', async (t) => {
  const { folder, logPath, clock, rotation } = rotating(t, (path) => writeFileSync(path, ''));
  for (const text of ['first-first', 'second-second', 'third-third', 'fourth-fourth']) {
    writeFileSync(logPath, text);
    await rotation.check();
    clock.advance(1000);
  }
  assert.deepEqual(readdirSync(folder).sort(), ['0.log', '0.log.20260131-080002-000', '0.log.20260131-080003-000']);
  assert.equal(readFileSync(logPath, 'utf8'), '');
});

test('a small log and one that cannot be reopened stay as they are', async (t) => {
  const { folder, logPath, rotation } = rotating(t, () => {
    throw new Error('gone');
  });
  for (const text of ['small', 'much-too-large']) {
    writeFileSync(logPath, text);
    await rotation.check();
    assert.deepEqual(readdirSync(folder), ['0.log']);
    assert.equal(readFileSync(logPath, 'utf8'), text);
  }
});

test('a new file that was made although the answer failed is kept', async (t) => {
  const { folder, logPath, rotation } = rotating(t, (path) => {
    writeFileSync(path, 'new');
    throw new Error('deadline exceeded');
  });
  writeFileSync(logPath, 'much-too-large');
  await rotation.check();
  assert.equal(readFileSync(logPath, 'utf8'), 'new');
  assert.equal(readFileSync(join(folder, '0.log.20260131-080000-000'), 'utf8'), 'much-too-large');
});

test('no line is lost or doubled when containerd goes on in a new file', { skip: cannotRunContainerd }, async (t) => {
  const { runtime, folder } = await startTestHost(t, '10.250.10.0/24');
  const sandbox = await runtime.runPod(sandboxConfig('chatty', folder));
  const count = 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo $i; done; sleep 1000';
  const container = await runtime.createContainer(sandbox, containerConfig('main', ['sh', '-c', count]));
  const { logPath } = (await runtime.containerStatus(container))!;
  const rotation = startLogRotation({
    bytesMax: 1000,
    filesMax: 1000,
    clock: systemClock,
    log: silentLog,
    containers: async () => [{ id: container, logPath }],
    reopen: runtime.reopenLog,
  });
  t.after(rotation.stop);
  const stop = new AbortController();
  const following = readLog(logPath, { follow: { isRunning: async () => true } }, stop.signal);
  await runtime.startContainer(container);
  // One check at a time, as the node does it.
  const often = async () => {
    await rotation.check().catch(() => {});
    return 20;
  };
  t.after(repeat(systemClock, often));
  let text = '';
  for await (const chunk of following) {
    text += chunk;
    if (text.endsWith('\n20000\n')) break;
  }
  stop.abort();
  const expected = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join('');
  assert.ok(text === expected, `followed ${text.length} characters of ${expected.length}`);
  const whole = await Array.fromAsync(readLog(logPath, {}, new AbortController().signal));
  assert.ok(Buffer.concat(whole).toString() === expected);
  assert.ok(readdirSync(join(logPath, '..')).length > 1);
});
