import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { StoreFull } from './engine.ts';
import { openEngine } from './store.ts';
import { bytes } from './testing/conformance.ts';

function mountSmallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    rmdirSync(folder);
    return undefined;
  }
}

test('a full disk refuses writes, loses nothing, and the store goes on when there is room', async (context) => {
  const folder = mountSmallDisk();
  if (folder === undefined) return context.skip('mounting a small disk needs root');
  const path = join(folder, 'store.db');
  try {
    const ballast = join(folder, 'ballast');
    writeFileSync(ballast, Buffer.alloc(24 << 20));
    const engine = await openEngine({ engine: 'sqlite', path });
    const value = bytes('x'.repeat(20_000));
    const acknowledged: string[] = [];
    let refused: unknown;
    for (let number = 0; refused === undefined && number < 1000; number++)
      await engine.put({ key: `/${number}`, value, expected: 0 }).then(
        () => acknowledged.push(`/${number}`),
        (error) => {
          refused = error;
        },
      );
    assert.ok(refused instanceof StoreFull, String(refused));
    const revision = engine.revision();
    assert.equal(revision, acknowledged.length);
    rmSync(ballast);
    const result = await engine.put({ key: '/after', value, expected: 0 });
    assert.ok(result.ok && result.entry.modRevision === revision + 1);
    await engine.close();
    const again = await openEngine({ engine: 'sqlite', path });
    const keys = again.range('/').entries.map(({ key }) => key);
    assert.deepEqual(keys, [...acknowledged, '/after'].sort());
    await again.close();
  } finally {
    execFileSync('umount', [folder]);
    rmdirSync(folder);
  }
});
