import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { messageFileOf } from './own-files.ts';
import { terminationMessage } from './termination-message.ts';
import { testContainer, testPod } from './testing/view.ts';

test('last words are bounded, never read through a link, and fall back to the log of a failure', async (context) => {
  const root = mkdtempSync(join(tmpdir(), 'rempart-message-'));
  context.after(() => rmSync(root, { recursive: true, force: true }));
  const pod = testPod();
  const file = messageFileOf(root, pod, 'main', 0);
  mkdirSync(dirname(file), { recursive: true });
  const logPath = join(root, 'log');
  const line = (text: string) => `2026-01-31T08:00:00.000000000Z stderr F ${text}\n`;
  writeFileSync(logPath, line('x'.repeat(5000)) + line('first') + line('last'));
  const read = (exitCode: number, terminationMessagePolicy?: string) =>
    terminationMessage(
      root,
      pod,
      { name: 'main', terminationMessagePolicy },
      testContainer(pod, 'main', { state: 'exited', exitCode, logPath }),
    );
  assert.equal(await read(1), '');
  assert.match(await read(1, 'FallbackToLogsOnError'), /first\nlast$/);
  assert.ok((await read(1, 'FallbackToLogsOnError')).length <= 2048);
  assert.equal(await read(0, 'FallbackToLogsOnError'), '');
  writeFileSync(file, 'y'.repeat(10_000));
  assert.equal(await read(1, 'FallbackToLogsOnError'), 'y'.repeat(4096));
  rmSync(file);
  symlinkSync('/etc/passwd', file);
  assert.equal(await read(1), '');
});
