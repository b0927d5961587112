import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { manualClock } from '../foundation/clock.ts';
import { createSealingKey, writeKeyFile } from '../store/store.ts';
import { rotateServiceAccountKeys } from './certificates/service-account-keys.ts';
import { type Configuration, layout } from './configuration.ts';
import { forgetOldKeys, mayRotateTokens } from './rotate-keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'rempart-rotate-'));
after(() => rmSync(folder, { recursive: true }));
const dayMs = 24 * 3600 * 1000;

test('a key of tokens is forgotten only when the tokens it signed have ended', () => {
  const clock = manualClock(Date.UTC(2026, 5, 1));
  rotateServiceAccountKeys(folder, clock);
  for (const hours of [1, 1]) {
    clock.advance(hours * 3600 * 1000);
    assert.equal(mayRotateTokens(folder, clock.now()), true);
    rotateServiceAccountKeys(folder, clock);
  }
  assert.equal(mayRotateTokens(folder, clock.now()), false);
  clock.advance(dayMs);
  assert.equal(mayRotateTokens(folder, clock.now()), true);
});

const skip = process.getuid?.() !== 0 && 'needs root';

test('old keys are forgotten when every secret is sealed with the newest, and not before', { skip }, () => {
  const configuration = {
    dataDirectory: folder,
    runDirectory: folder,
    relaxed: {},
    serverUid: 0,
  } as never as Configuration;
  const { encryptionKeys, sealedWith } = layout(configuration);
  const [newest, old] = [createSealingKey(), createSealingKey()];
  writeKeyFile(encryptionKeys, [newest, old]);
  const kept = () => JSON.parse(readFileSync(encryptionKeys, 'utf8')).keys.length;
  for (const record of ['changing', 'plain', old.id.toString('hex')]) {
    writeFileSync(sealedWith, record);
    assert.equal(forgetOldKeys(configuration), false, record);
    assert.equal(kept(), 2);
  }
  writeFileSync(sealedWith, newest.id.toString('hex'));
  assert.equal(forgetOldKeys(configuration), true);
  assert.equal(kept(), 1);
});
