import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { rotatedName } from './files.ts';
import { type LogOptions, readLog } from './read.ts';

const at = (second: number) => `2026-01-31T08:00:${String(second).padStart(2, '0')}.000000001Z`;
const line = (second: number, text: string, stream = 'stdout', tag = 'F') => `${at(second)} ${stream} ${tag} ${text}\n`;

function logFile(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-log-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, '0.log');
  writeFileSync(path, text);
  return path;
}

async function shown(path: string, options: LogOptions = {}): Promise<string> {
  return Buffer.concat(await Array.fromAsync(readLog(path, options, new AbortController().signal))).toString();
}

test('shows the text of both streams, joins what was split, skips what is no line', async (t) => {
  const path = logFile(
    t,
    `${line(1, 'a')}${line(2, 'b', 'stderr')}${line(3, 'lo', 'stdout', 'P')}garbage\n${line(3, 'ng')}`,
  );
  assert.equal(await shown(path), 'a\nb\nlong\n');
  assert.equal(await shown(path, { stream: 'stderr' }), 'b\n');
  assert.equal(await shown(path, { timestamps: true }), `${at(1)} a\n${at(2)} b\n${at(3)} long\n`);
});

test('since, limit and an absent file', async (t) => {
  const path = logFile(t, `${line(1, 'a')}${line(2, 'b')}${line(3, 'c')}`);
  assert.equal(await shown(path, { sinceMs: Date.parse(at(2)) }), 'b\nc\n');
  assert.equal(await shown(path, { limitBytes: 3 }), 'a\nb');
  assert.equal(await shown(`${path}-not-there`), '');
});

test('tail counts whole lines, over block borders and rotated files', async (t) => {
  const long = 'x'.repeat(40_000);
  const path = logFile(t, `${line(3, long, 'stdout', 'P')}${line(3, long)}${line(4, 'd')}${line(5, 'e')}`);
  writeFileSync(rotatedName(path, 1), `${line(1, 'a')}${line(2, 'b')}`);
  assert.equal(await shown(path, { tailLines: 0 }), '');
  assert.equal(await shown(path, { tailLines: 1 }), 'e\n');
  assert.equal(await shown(path, { tailLines: 3 }), `${long}${long}\nd\ne\n`);
  assert.equal(await shown(path, { tailLines: 4 }), `b\n${long}${long}\nd\ne\n`);
  assert.equal(await shown(path, { tailLines: 99 }), `a\nb\n${long}${long}\nd\ne\n`);
});

test('tail agrees with counting from the front, for any number of lines', async (t) => {
  const lines = Array.from({ length: 3000 }, (_, index) => `${index} ${'y'.repeat(index % 97)}`);
  const path = logFile(t, lines.map((text) => line(1, text)).join(''));
  for (const count of [1, 2, 700, 1500, 2999, 3000, 3001])
    assert.equal(
      await shown(path, { tailLines: count }),
      lines
        .slice(-count)
        .map((text) => `${text}\n`)
        .join(''),
    );
});

test('what is written while a tail is read is no part of it', async (t) => {
  const [first, second] = ['x'.repeat(40_000), 'y'.repeat(40_000)];
  const path = logFile(t, `${line(1, 'a')}${line(2, first)}${line(3, second)}`);
  const reading = readLog(path, { tailLines: 2 }, new AbortController().signal);
  const begun = await reading.next();
  appendFileSync(path, line(4, 'late'));
  const rest = Buffer.concat(await Array.fromAsync(reading));
  assert.equal(`${begun.value}${rest}`, `${first}\n${second}\n`);
});

test('follow goes on through a rotation and ends with the container', async (t) => {
  const path = logFile(t, line(1, 'a'));
  let running = true;
  const reading = readLog(path, { follow: { isRunning: async () => running } }, new AbortController().signal);
  const next = async () => String((await reading.next()).value);
  assert.equal(await next(), 'a\n');
  appendFileSync(path, line(2, 'b'));
  assert.equal(await next(), 'b\n');
  renameSync(path, rotatedName(path, 1));
  writeFileSync(path, line(3, 'c'));
  assert.equal(await next(), 'c\n');
  running = false;
  appendFileSync(path, line(4, 'd'));
  assert.equal(await next(), 'd\n');
  assert.equal((await reading.next()).done, true);
});

/** Follows a log; `looked` resolves when it was looked for changes and none was found. */
function following(path: string) {
  let tell = () => {};
  const isRunning = async () => {
    tell();
    return true;
  };
  const reading = readLog(path, { follow: { isRunning } }, new AbortController().signal);
  const next = async () => String((await reading.next()).value);
  const looked = () => new Promise<void>((resolve) => (tell = () => (tell = resolve)));
  return { next, looked, end: () => reading.return(undefined) };
}

test('follow reads what containerd still writes into the old file after it has made the new one', async (t) => {
  const path = logFile(t, line(1, 'a'));
  const { next, looked, end } = following(path);
  assert.equal(await next(), 'a\n');
  renameSync(path, rotatedName(path, 1));
  writeFileSync(path, '');
  const later = next();
  await looked();
  appendFileSync(rotatedName(path, 1), line(2, 'b'));
  assert.equal(await later, 'b\n');
  appendFileSync(path, line(3, 'c'));
  assert.equal(await next(), 'c\n');
  await end();
});

test('follow that begins in the middle of a rotation begins with the file that is still written', async (t) => {
  const path = logFile(t, line(1, 'a'));
  renameSync(path, rotatedName(path, 1));
  const { next, looked, end } = following(path);
  assert.equal(await next(), 'a\n');
  const later = next();
  await looked();
  appendFileSync(rotatedName(path, 1), line(2, 'b'));
  assert.equal(await later, 'b\n');
  writeFileSync(path, line(3, 'c'));
  assert.equal(await next(), 'c\n');
  await end();
});

test('follow ends when nobody listens any more', async (t) => {
  const path = logFile(t, '');
  const controller = new AbortController();
  const reading = readLog(path, { follow: { isRunning: async () => true } }, controller.signal);
  setImmediate(() => controller.abort());
  assert.equal((await reading.next()).done, true);
});
