import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { withLock } from './lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'rempart-lock-'));
after(() => rmSync(folder, { recursive: true }));
const place = { dataDirectory: '/srv/x', runDirectory: join(folder, 'run') };
const lock = join(folder, 'run.lock');

test('two commands never work on one cluster at the same time, and the second says why', async () => {
  await withLock(place, async () => {
    await assert.rejects(
      withLock(place, async () => assert.fail('it ran')),
      /Another rempart \(pid \d+\) is at work on \/srv\/x/,
    );
    assert.ok(existsSync(lock), 'the refused one took the lock away');
  });
  assert.equal(existsSync(lock), false);
});

test('a command that failed gives the lock back; one that was killed loses it', async () => {
  await assert.rejects(
    withLock(place, () => Promise.reject(new Error('failed'))),
    /failed/,
  );
  for (const left of [`${process.pid} 1\n`, '999999999 5\n', '']) {
    writeFileSync(lock, left);
    assert.equal(await withLock(place, async () => 'done'), 'done');
  }
});
