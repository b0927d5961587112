import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createSealing, createSealingKey, openKeyFile, writeKeyFile } from './encryption.ts';
import { bytes, text } from './testing/conformance.ts';

const folder = mkdtempSync(join(tmpdir(), 'rempart-keys-'));
after(() => rmSync(folder, { recursive: true }));
const [key, other] = [createSealingKey(), createSealingKey()];
const name = '/registry/secrets/default/a';
const { seal, open } = createSealing([key], ['/registry/secrets/']);

test('what is sealed opens again and does not show its content', () => {
  const sealed = seal(name, bytes('{"password":"hunter2"}'));
  assert.ok(!Buffer.from(sealed).includes('hunter2'));
  assert.equal(text(open(name, sealed)), '{"password":"hunter2"}');
});

test('other prefixes pass as they are', () => {
  assert.equal(text(seal('/registry/pods/default/a', bytes('{}'))), '{}');
});

test('every changed byte is detected', () => {
  const sealed = seal(name, bytes('{}'));
  for (let index = 0; index < sealed.length; index++) {
    const changed = Uint8Array.from(sealed);
    changed[index]! ^= 1;
    assert.throws(() => open(name, changed), new RegExp(name), `byte ${index}`);
  }
});

test('a sealed value cannot stand under another name', () => {
  assert.throws(() => open('/registry/secrets/default/b', seal(name, bytes('{}'))), /changed outside/);
});

test('a value in clear where it should be sealed is refused, unless encryption is being switched on', () => {
  assert.throws(() => open(name, bytes('{}')), /should be encrypted/);
  assert.equal(text(createSealing([key], ['/registry/secrets/'], { acceptPlain: true }).open(name, bytes('{}'))), '{}');
});

test('all keys of the ring open, and a missing one is named', () => {
  const sealed = seal(name, bytes('{}'));
  assert.equal(text(createSealing([other, key], ['/registry/secrets/']).open(name, sealed)), '{}');
  const id = key.id.toString('hex');
  assert.throws(() => createSealing([other], ['/registry/secrets/']).open(name, sealed), new RegExp(id));
});

test('a key file is made once, private, and read again', () => {
  const path = join(folder, 'made', 'keys.json');
  const made = openKeyFile(path);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(openKeyFile(path), made);
  writeKeyFile(path, [other, ...made]);
  assert.deepEqual(openKeyFile(path), [other, ...made]);
});

test('a key file that others can read, or that makes no sense, is refused without quoting it', () => {
  const path = join(folder, 'keys.json');
  writeFileSync(path, '{"keys":["secret', { mode: 0o644 });
  assert.throws(() => openKeyFile(path), /chmod 600/);
  chmodSync(path, 0o600);
  assert.throws(
    () => openKeyFile(path),
    (error: Error) => !error.message.includes('secret') && /not valid JSON/.test(error.message),
  );
  for (const content of ['{}', '{"keys":[]}', '{"keys":["c2hvcnQ="]}', 'null']) {
    writeFileSync(path, content);
    assert.throws(() => openKeyFile(path), /key/, content);
  }
});
