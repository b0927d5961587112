import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from '../../../test/property.ts';
import { createSealing, createSealingKey } from '../encryption.ts';
import type { Event } from '../engine.ts';
import { openEngine } from '../store.ts';
import { bytes, conformance, text, write } from '../testing/conformance.ts';
import { runAgainstModel, type Step, steps } from '../testing/model.ts';
import { openFile } from './sqlite-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'rempart-store-'));
after(() => rmSync(folder, { recursive: true }));
let files = 0;
const newPath = () => join(folder, `${files++}`, 'store.db');

conformance('sqlite', (options) => openEngine({ ...options, engine: 'sqlite', path: newPath() }));

test('any sequence of writes, compactions and restarts agrees with the obvious model', async () => {
  const run = (all: Parameters<typeof runAgainstModel>[0]) => {
    const path = newPath();
    return runAgainstModel(all, () => openEngine({ engine: 'sqlite', path }));
  };
  // A compaction that drops nothing is remembered too.
  const nothingToDrop: Step[] = [
    { type: 'put', key: '/a/1', value: '', stale: false },
    { type: 'delete', key: '/a/1', stale: false },
    { type: 'compact', back: 1 },
    { type: 'reopen' },
  ];
  await fc.assert(fc.asyncProperty(steps, run), { numRuns: 15, examples: [[nothingToDrop]] });
});

test('a restart keeps values, revisions and the history that watches resume from', async () => {
  const path = newPath();
  const before = await openEngine({ engine: 'sqlite', path });
  await write(before, '/a', 'x');
  await write(before, '/a', 'y');
  await before.delete({ key: '/a', expected: 2 });
  await before.close();
  const engine = await openEngine({ engine: 'sqlite', path });
  assert.equal(engine.revision(), 3);
  const seen: Event[] = [];
  engine.watch('/', 1, (events) => seen.push(...events));
  assert.deepEqual(
    seen.map(({ type, previous }) => `${type} ${text(previous?.value)}`),
    ['put x', 'delete y'],
  );
  assert.equal(await write(engine, '/a', 'z'), 4);
  await engine.close();
});

test('a revision is not reused after its deletion was compacted and the server restarted', async () => {
  const path = newPath();
  const before = await openEngine({ engine: 'sqlite', path });
  await write(before, '/a', 'x');
  await before.delete({ key: '/a', expected: 1 });
  await before.compact(2);
  await before.close();
  const engine = await openEngine({ engine: 'sqlite', path });
  assert.equal(engine.revision(), 2);
  assert.equal(await write(engine, '/a', 'y'), 3);
  await engine.close();
});

test('rows that a compaction had given up before a crash are dropped after all', async () => {
  const path = newPath();
  const before = await openEngine({ engine: 'sqlite', path });
  await write(before, '/a', 'x');
  await write(before, '/a', 'y');
  await before.close();
  const crashed = openFile(path);
  crashed.exec('UPDATE facts SET compacted = 2');
  crashed.close();
  const engine = await openEngine({ engine: 'sqlite', path });
  assert.equal(text(engine.get('/a')?.value), 'y');
  await engine.compact(2);
  await engine.close();
  const file = openFile(path);
  assert.deepEqual(file.prepare('SELECT revision FROM log').all().map(Object.values), [[2]]);
  file.close();
});

test('only the owner may read the files', async () => {
  const path = newPath();
  const engine = await openEngine({ engine: 'sqlite', path });
  await write(engine, '/a', 'x');
  for (const file of [path, `${path}-wal`]) assert.equal(statSync(file).mode & 0o777, 0o600, file);
  await engine.close();
});

test('a second server on the same store is refused with a reason', async () => {
  const path = newPath();
  const engine = await openEngine({ engine: 'sqlite', path });
  await write(engine, '/a', 'x');
  await assert.rejects(openEngine({ engine: 'sqlite', path }), /in use by another process/);
  await engine.close();
});

test('compaction keeps the file small while the store is in use', async () => {
  const path = newPath();
  const engine = await openEngine({ engine: 'sqlite', path, historyEventsMax: 100 });
  const value = 'x'.repeat(10_000);
  for (let round = 0; round < 2000; round++) await write(engine, `/${round % 10}`, value);
  await engine.compact(engine.revision());
  assert.ok(engine.sizeBytes() < 1_000_000, `${engine.sizeBytes()} bytes are used`);
  assert.ok(statSync(path).size < 6_000_000, `the file has ${statSync(path).size} bytes`);
  assert.ok(statSync(`${path}-wal`).size < 20_000_000, `the log has ${statSync(`${path}-wal`).size} bytes`);
  await engine.close();
});

test('sealed values never reach the disk in clear, and survive a change of keys', async () => {
  const path = newPath();
  const [oldKey, newKey] = [createSealingKey(), createSealingKey()];
  const open = (...keys: [typeof oldKey, ...(typeof oldKey)[]]) =>
    openEngine({ engine: 'sqlite', path, ...createSealing(keys, ['/secrets/']) });
  const first = await open(oldKey);
  await first.put({ key: '/secrets/a', value: bytes('correct horse'), expected: 0 });
  await write(first, '/secrets/a', 'battery staple');
  await write(first, '/secrets/large', 'x'.repeat(50_000));
  await first.delete({ key: '/secrets/large', expected: first.revision() });
  await first.close();
  assert.ok(!readFileSync(path).includes('horse') && !readFileSync(path).includes('battery'));
  const second = await open(newKey, oldKey);
  await second.reseal('/secrets/');
  for (const file of [path, `${path}-wal`])
    assert.ok(!readFileSync(file).includes(oldKey.id), `${file} still has values of the old key`);
  await second.close();
  const third = await open(newKey);
  assert.equal(text(third.get('/secrets/a')?.value), 'battery staple');
  assert.equal(text(third.get('/secrets/a', { revision: 1 })?.value), 'correct horse');
  await third.close();
});
