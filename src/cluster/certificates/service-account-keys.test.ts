import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { manualClock } from '../../foundation/clock.ts';
import { readServiceAccountKeys, rotateServiceAccountKeys } from './service-account-keys.ts';

const directory = mkdtempSync(join(tmpdir(), 'rempart-keys-'));
after(() => rmSync(directory, { recursive: true }));

test('keys are made once, rotated newest first, and forgotten beyond three, whatever the clock does', () => {
  const clock = manualClock(1_000_000);
  const first = readServiceAccountKeys(directory, clock);
  assert.deepEqual(readServiceAccountKeys(directory, clock), first);
  clock.advance(-500_000);
  rotateServiceAccountKeys(directory, clock);
  const second = readServiceAccountKeys(directory, clock);
  assert.deepEqual([second.length, second[1]], [2, first[0]]);
  rotateServiceAccountKeys(directory, clock);
  rotateServiceAccountKeys(directory, clock);
  const last = readServiceAccountKeys(directory, clock);
  assert.equal(last.length, 3);
  assert.equal(last.includes(first[0]!), false);
});
