import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { manualClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
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
