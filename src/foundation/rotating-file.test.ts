import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createLog } from './log.ts';
import { createRotatingFile } from './rotating-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'rempart-rotating-'));
after(() => rmSync(folder, { recursive: true }));

test('it stays within its bytes and its files, and keeps the newest lines in order', () => {
  const path = join(folder, 'a.log');
  const file = createRotatingFile(path, { bytesMax: 100, filesMax: 3 });
  for (let number = 0; number < 100; number++) file.write(`line ${number}\n`);
  assert.deepEqual(readdirSync(folder).sort(), ['a.log', 'a.log.1', 'a.log.2']);
  for (const name of readdirSync(folder)) assert.ok(statSync(join(folder, name)).size <= 100);
  const kept = ['a.log.2', 'a.log.1', 'a.log'].map((name) => readFileSync(join(folder, name), 'utf8')).join('');
  const numbers = kept
    .trim()
    .split('\n')
    .map((line) => Number(line.slice(5)));
  assert.equal(numbers.at(-1), 99);
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => numbers[0]! + index),
  );
});

test('a file of before is continued, and a log writes to it', () => {
  const path = join(folder, 'b.log');
  createRotatingFile(path).write('before\n');
  createLog('x', 'info', createRotatingFile(path)).info('after', { token: 'hidden' });
  const [first, second] = readFileSync(path, 'utf8').split('\n');
  assert.equal(first, 'before');
  assert.deepEqual([JSON.parse(second!).msg, JSON.parse(second!).token], ['after', '[redacted]']);
});
