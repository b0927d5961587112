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
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    rmdirSync(folder);
    return undefined;
  }
}

test('a full disk refuses writes and loses nothing, opens again, and goes on when there is room', async (context) => {
  const folder = mountSmallDisk();
  if (folder === undefined) return context.skip('mounting a small disk needs root');
  const path = join(folder, 'store.db');
  try {
    const ballast = join(folder, 'ballast');
    writeFileSync(ballast, Buffer.alloc(8 << 20));
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
    assert.equal(engine.healthy(), true);
    const revision = engine.revision();
    assert.equal(revision, acknowledged.length);
    await engine.close();
    const keys = (open: typeof engine) => open.range('/').entries.map(({ key }) => key);
    const again = await openEngine({ engine: 'sqlite', path });
    assert.deepEqual(keys(again), acknowledged.toSorted());
    rmSync(ballast);
    const result = await again.put({ key: '/after', value, expected: 0 });
    assert.ok(result.ok && result.entry.modRevision === revision + 1);
    await again.close();
    const last = await openEngine({ engine: 'sqlite', path });
    assert.deepEqual(keys(last), [...acknowledged, '/after'].sort());
    await last.close();
  } finally {
    execFileSync('umount', [folder]);
    rmdirSync(folder);
  }
});
