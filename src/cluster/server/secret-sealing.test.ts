import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createSealingKey, type Engine, openEngine, openKeyFile, writeKeyFile } from '../../store/store.ts';
import { createSecretSealing, readRecord, type SecretSealing } from './secret-sealing.ts';

const folder = mkdtempSync(join(tmpdir(), 'rempart-sealing-'));
after(() => rmSync(folder, { recursive: true }));
let number = 0;

/** A store on disk with one secret in two versions and one that was deleted. */
async function startStore() {
  const base = join(folder, String(number++));
  const [keyFile, recordFile, path] = [`${base}.keys`, `${base}.record`, `${base}.db`];
  const open = async (encrypt = true): Promise<{ sealing: SecretSealing; engine: Engine }> => {
    const sealing = createSecretSealing({ keyFile, recordFile, encrypt });
    return { sealing, engine: await openEngine({ engine: 'sqlite', path, seal: sealing.seal, open: sealing.open }) };
  };
  const { engine, sealing } = await open();
  await sealing.settle(engine);
  const put = (key: string, value: string, expected = 0) =>
    engine.put({ key: `/registry/secrets/${key}`, value: Buffer.from(value), expected });
  await put('a', 'horse');
  await put('a', 'battery', 1);
  await put('gone', 'staple'.repeat(5000));
  await engine.delete({ key: '/registry/secrets/gone', expected: 3 });
  const onDisk = (text: string | Buffer) =>
    [path, `${path}-wal`].some((file) => existsSync(file) && readFileSync(file).includes(text));
  const rotate = () => writeKeyFile(keyFile, [createSealingKey(), ...openKeyFile(keyFile)]);
  return { engine, sealing, open, onDisk, rotate, keyFile, recordFile };
}

const secretOf = (engine: Engine) => Buffer.from(engine.get('/registry/secrets/a')!.value).toString();

test('after a rotation nothing on disk needs the old key, and the old key is not named there', async () => {
  const { engine, sealing, open, onDisk, rotate, keyFile, recordFile } = await startStore();
  const [old] = openKeyFile(keyFile);
  assert.ok(onDisk(old.id) && !onDisk('battery'));
  const [newest] = rotate();
  sealing.reload();
  await sealing.settle(engine);
  assert.equal(readRecord(recordFile), newest.id.toString('hex'));
  assert.ok(!onDisk(old.id) && onDisk(newest.id));
  for (const word of ['horse', 'battery', 'staple']) assert.ok(!onDisk(word), word);
  await engine.close();
  writeKeyFile(keyFile, [newest]);
  const again = await open();
  assert.equal(secretOf(again.engine), 'battery');
  await again.engine.close();
});

test('a crash at any point of a rotation loses nothing, and the next start ends it', async () => {
  for (const crashAfter of ['the key file', 'the reload', 'half of the work']) {
    const { engine, sealing, open, onDisk, rotate, keyFile, recordFile } = await startStore();
    const [old] = openKeyFile(keyFile);
    rotate();
    if (crashAfter !== 'the key file') sealing.reload();
    if (crashAfter === 'half of the work') {
      await engine.put({ key: '/registry/secrets/b', value: Buffer.from('new'), expected: 0 });
      const failing = { reseal: () => Promise.reject(new Error('crash')) };
      await assert.rejects(sealing.settle(failing), /crash/);
    }
    await engine.close();
    assert.notEqual(readRecord(recordFile), openKeyFile(keyFile)[0].id.toString('hex'), crashAfter);
    const again = await open();
    assert.equal(secretOf(again.engine), 'battery', crashAfter);
    await again.sealing.settle(again.engine);
    assert.equal(readRecord(recordFile), openKeyFile(keyFile)[0].id.toString('hex'));
    assert.ok(!onDisk(old.id), crashAfter);
    await again.engine.close();
  }
});

test('encryption can be switched off and on again over what is there, also after a crash in between', async () => {
  const { engine, open, onDisk, keyFile, recordFile } = await startStore();
  await engine.close();
  const off = await open(false);
  assert.equal(readRecord(recordFile), 'changing');
  await off.sealing.settle(off.engine);
  assert.ok(onDisk('battery') && !onDisk(openKeyFile(keyFile)[0].id));
  assert.equal(readRecord(recordFile), 'plain');
  await off.engine.close();

  const on = await open();
  await on.engine.close();
  assert.ok(onDisk('battery'), 'it ended before it had settled');
  const again = await open();
  await again.sealing.settle(again.engine);
  assert.ok(!onDisk('battery') && !onDisk('horse'));
  assert.equal(secretOf(again.engine), 'battery');
  await again.engine.close();
});

test('what is settled is not written again', async () => {
  const { engine, sealing } = await startStore();
  const never = { reseal: () => Promise.reject(new Error('written again')) };
  await sealing.settle(never);
  await engine.close();
});
