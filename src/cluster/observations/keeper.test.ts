import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Flow } from '../../api/observations/observation.ts';
import { noObservations } from '../../api/observations/observation.ts';
import { manualClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import { readObservations, writeObservations } from './file.ts';
import { createKeeper, keptDays } from './keeper.ts';

const folder = mkdtempSync(join(tmpdir(), 'rempart-observations-'));
after(() => rmSync(folder, { recursive: true }));
let number = 0;
const newDirectory = () => join(folder, String(number++));
const startMs = Date.UTC(2026, 0, 2);
const dayMs = 86_400_000;

const flow = (port: number, atMs: number): Flow => ({
  from: { type: 'pod', namespace: 'shop', name: 'web', labels: {} },
  to: { type: 'address', address: '203.0.113.7' },
  ...{ protocol: 'TCP', port, allowed: true, firstMs: atMs, lastMs: atMs, count: 1 },
});
const report = (fromMs: number, toMs: number, flows: Flow[] = [], resumes = false) => ({
  ...{ flows, fromMs, toMs, lost: 0, resumes },
});

function start(directory: string, clock = manualClock(startMs)) {
  return { clock, keeper: createKeeper({ directory, clock, log: silentLog }) };
}

test('what was observed is there after a restart, for nobody else to read, with a gap for the time between', () => {
  const directory = newDirectory();
  const { keeper } = start(directory);
  keeper.takeFlows('n1', report(startMs - 10_000, startMs, [flow(443, startMs)]));
  keeper.close();
  assert.equal(statSync(join(directory, 'observations.jsonl')).mode & 0o777, 0o600);
  const later = start(directory, manualClock(startMs + 60_000)).keeper;
  later.takeFlows('n1', report(startMs + 50_000, startMs + 60_000));
  const { flows, windows } = later.observations();
  assert.deepEqual(flows, [flow(443, startMs)]);
  assert.deepEqual(
    windows.flows.map(({ fromMs, toMs }) => [fromMs - startMs, toMs - startMs]),
    [
      [-10_000, 0],
      [50_000, 60_000],
    ],
  );
  assert.equal(windows.calls.length, 2);
  later.close();
});

test('what a node tells again after its agent restarted counts once', () => {
  const { keeper } = start(newDirectory());
  keeper.takeFlows('n1', report(startMs - 10_000, startMs, [flow(443, startMs - 5000)]));
  const again = [flow(443, startMs - 5500), flow(80, startMs)];
  keeper.takeFlows('n1', report(startMs - 600_000, startMs, again, true));
  const { flows, windows } = keeper.observations();
  assert.deepEqual(
    flows.map(({ port, count }) => [port, count]),
    [
      [443, 1],
      [80, 1],
    ],
  );
  assert.equal(windows.flows.length, 1);
  keeper.close();
});

test('what was last seen over a month ago is forgotten, with its window', () => {
  const { keeper, clock } = start(newDirectory());
  const oldMs = startMs - keptDays * dayMs + 90_000;
  keeper.takeFlows('n1', report(oldMs - 10_000, oldMs, [flow(443, oldMs)]));
  clock.advance(60_000);
  assert.equal(keeper.observations().flows.length, 1);
  clock.advance(60_000);
  const { flows, windows } = keeper.observations();
  assert.deepEqual([flows.length, windows.flows.length], [0, 0]);
  keeper.close();
});

test('a file that is damaged loses lines, one that is none is passed over for the one before it', () => {
  const directory = newDirectory();
  const nowMs = startMs;
  const observations = { ...noObservations(), flows: [flow(1, nowMs), flow(2, nowMs)] };
  writeObservations(directory, observations);
  writeObservations(directory, observations);
  assert.equal(readdirSync(directory).length, 2);
  const file = join(directory, 'observations.jsonl');
  writeFileSync(file, readFileSync(file, 'utf8').slice(0, -20));
  const read = readObservations(directory, nowMs);
  assert.deepEqual([read.lines.length, read.refused], [1, 1]);
  writeFileSync(file, 'junk');
  assert.equal(readObservations(directory, nowMs).lines.length, 2);
});

test('a file holds so many bytes and no more', () => {
  const directory = newDirectory();
  const observations = { ...noObservations(), flows: [flow(1, startMs), flow(2, startMs)] };
  const whole = () => statSync(join(directory, 'observations.jsonl')).size;
  assert.equal(writeObservations(directory, observations), 0);
  const bytes = whole();
  assert.equal(writeObservations(directory, observations, bytes), 0);
  assert.equal(writeObservations(directory, observations, bytes - 1), 1);
  assert.ok(whole() < bytes);
});
