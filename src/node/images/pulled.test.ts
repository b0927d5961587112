import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { silentLog } from '../../foundation/log.ts';
import { createPulledImages } from './pulled.ts';

const folder = mkdtempSync(join(tmpdir(), 'rempart-pulled-'));
after(() => rmSync(folder, { recursive: true }));
const open = (name: string) => createPulledImages(join(folder, name), silentLog);
const login = (name: number | string) => ({ username: 'puller', password: `the-password ${name}` });

test('an image that came with a login is for who shows it, and stays so over a restart', () => {
  const before = open('one');
  assert.equal(before.mayUse('a', []), true, 'never pulled here: imported');
  before.note('a', login('x'));
  const images = open('one');
  assert.deepEqual(
    [images.mayUse('a', []), images.mayUse('a', [login('y')]), images.mayUse('a', [login('y'), login('x')])],
    [false, false, true],
  );
  images.note('a', undefined);
  images.note('a', login('x'));
  assert.equal(open('one').mayUse('a', []), true, 'everybody had it without one');
});

test('the file is its owner’s and tells no login; a damaged one is forgotten', () => {
  open('two').note('a', login(1));
  assert.equal(statSync(join(folder, 'two')).mode & 0o777, 0o600);
  assert.doesNotMatch(readFileSync(join(folder, 'two'), 'utf8'), /the-password/);
  writeFileSync(join(folder, 'two'), '{');
  assert.equal(open('two').mayUse('a', []), true);
});

test('of each image the hundred logins that pulled it last are kept', () => {
  const images = open('three');
  for (let index = 0; index < 100; index++) images.note('a', login(index));
  images.note('a', login(0));
  images.note('a', login(100));
  assert.deepEqual(
    [0, 1, 2, 100].map((index) => images.mayUse('a', [login(index)])),
    [true, false, true, true],
  );
});

test('of more than two thousand images those are kept that the node has', () => {
  const known = Array.from({ length: 1999 }, (_, index) => [`image-${index}`, ['*']]);
  writeFileSync(join(folder, 'four'), JSON.stringify({ salt: 's', images: Object.fromEntries(known) }));
  const images = open('four');
  images.note('a', login('x'));
  assert.equal(images.isFull(), false);
  images.note('last', login('x'));
  assert.equal(images.isFull(), true);
  images.keep(new Set(['last']));
  assert.deepEqual([images.isFull(), images.mayUse('last', []), images.mayUse('a', [])], [false, false, true]);
});
