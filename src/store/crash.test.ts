import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Event } from './engine.ts';
import { openEngine } from './store.ts';
import { text } from './testing/conformance.ts';

const storm = join(import.meta.dirname, 'testing/storm.ts');

/** Kills the writer with SIGKILL once it has acknowledged `writes` writes; returns what it acknowledged, whole lines. */
async function stormUntilKilled(path: string, writes: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--disallow-code-generation-from-strings', storm, path]);
  let output = '';
  let complaint = '';
  child.stderr.on('data', (data) => {
    complaint += data;
  });
  child.stdout.on('data', (data) => {
    output += data;
    if (output.split('\n').length > writes) child.kill('SIGKILL');
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, null, complaint);
  return output.split('\n').slice(0, -1);
}

test('killed at random points of a write storm, no acknowledged write is lost and no revision used twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-crash-'));
  const path = join(folder, 'store.db');
  const acknowledged = new Map<number, string>();
  for (let round = 0; round < 5; round++) {
    for (const line of await stormUntilKilled(path, 1 + Math.floor(Math.random() * 3000))) {
      const revision = Number(line.split(' ')[0]);
      assert.ok(!acknowledged.has(revision), `revision ${revision} was acknowledged twice`);
      acknowledged.set(revision, line);
    }
    const engine = await openEngine({ engine: 'sqlite', path, historyAgeMsMax: 1e9 });
    const seen: Event[] = [];
    const first = engine.compacted();
    engine.watch('/', first, (events) => seen.push(...events))();
    assert.deepEqual(
      seen.map(({ entry }) => entry.modRevision),
      seen.map((_, index) => first + 1 + index),
    );
    const lines = new Map(seen.map((event) => [event.entry.modRevision, lineOf(event)]));
    assert.ok(engine.revision() >= Math.max(...acknowledged.keys()));
    for (const [revision, line] of acknowledged) if (revision > first) assert.equal(lines.get(revision), line);
    for (const { key, modRevision, value } of engine.range('/').entries)
      if (acknowledged.has(modRevision))
        assert.equal(`${modRevision} put ${key} ${text(value)}`, acknowledged.get(modRevision));
    await engine.close();
  }
  rmSync(folder, { recursive: true });
});

const lineOf = ({ type, entry }: Event) =>
  `${entry.modRevision} ${type} ${entry.key} ${type === 'delete' ? '' : text(entry.value)}`;
