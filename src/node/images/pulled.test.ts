import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { silentLog } from '../../foundation/log.ts';
import type { ImageService } from '../runtimes/runtime.ts';
import { createPuller } from './pull.ts';
import { createPulledImages } from './pulled.ts';

const folder = mkdtempSync(join(tmpdir(), 'rempart-pulled-'));
after(() => rmSync(folder, { recursive: true }));
const open = (name: string) => createPulledImages(join(folder, name), silentLog);

test('an image that came with a login is for who shows it, and stays so over a restart', () => {
  const before = open('one');
  assert.equal(before.mayUse('a', []), true, 'never pulled here: imported');
  before.note('a', 'login x');
  before.note('a', 'pod 1');
  const images = open('one');
  assert.deepEqual(
    [images.mayUse('a', []), images.mayUse('a', ['login y']), images.mayUse('a', ['login y', 'login x'])],
    [false, false, true],
  );
  assert.equal(images.mayUse('a', ['pod 1']), true);
  images.note('a', 'everybody');
  assert.equal(open('one').mayUse('a', []), true);
});

test('the file is its owner’s and tells no login; a damaged one is forgotten', () => {
  open('two').note('a', 'login the-password');
  assert.equal(statSync(join(folder, 'two')).mode & 0o777, 0o600);
  assert.doesNotMatch(readFileSync(join(folder, 'two'), 'utf8'), /the-password/);
  writeFileSync(join(folder, 'two'), '{');
  assert.equal(open('two').mayUse('a', []), true);
});

test('of each image two hundred proofs are kept, and of images those that the node has', () => {
  const images = open('three');
  for (let index = 0; index <= 200; index++) images.note('a', `pod ${index}`);
  assert.deepEqual([images.mayUse('a', ['pod 0']), images.mayUse('a', ['pod 1'])], [false, true]);
  for (let index = 0; index < 1999; index++) images.note(`image-${index}`, 'everybody');
  assert.equal(images.isFull(), false);
  images.note('last', 'login x');
  assert.equal(images.isFull(), true);
  images.keep(new Set(['last']));
  assert.deepEqual([images.isFull(), images.mayUse('last', [])], [false, false]);
});

/** A pod has pulled an image with `login`; whether others may have it. */
async function pullWithLogin(file: string) {
  const images = { pull: async () => 'sha256:1' } as unknown as ImageService;
  const puller = createPuller({ images, pulled: open(file), log: silentLog });
  const auths = { 'registry.io': { username: 'a', password: 'b' } };
  const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })) };
  const login = [{ type: 'kubernetes.io/dockerconfigjson', data }];
  await puller.pull('registry.io/a:1', 'first', login);
  const mayUse = (uid: string, secrets: typeof login) =>
    puller.mayUse('sha256:1', 'registry.io/a:1', uid, async () => secrets);
  return { login, mayUse };
}

test('a pod shows its login once: then it has the image while the API that holds its secret is away', async () => {
  const { login, mayUse } = await pullWithLogin('four');
  assert.equal(await mayUse('second', []), false);
  assert.equal(await mayUse('second', login), true);
  assert.equal(await mayUse('second', []), true);
  assert.equal(await mayUse('first', []), true);
});

test('a login stays known however many pods have shown it', async () => {
  const { login, mayUse } = await pullWithLogin('five');
  for (let pod = 0; pod < 250; pod++) assert.equal(await mayUse(`pod-${pod}`, login), true, `pod ${pod}`);
});
