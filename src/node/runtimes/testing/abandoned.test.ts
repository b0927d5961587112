import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { markAsOwn, removeAbandoned } from './abandoned.ts';

const skip = process.platform === 'linux' ? false : 'needs Linux';

test('what a killed run left is removed by one process; of those that live nothing is', { skip }, async (t) => {
  const parent = mkdtempSync(join(tmpdir(), 'rempart-abandoned-'));
  t.after(() => rmSync(parent, { recursive: true }));
  const [namespace] = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))!;
  const { pid } = spawnSync('true');
  const make = (name: string, ...marks: string[]) => {
    mkdirSync(join(parent, name));
    for (const mark of marks) writeFileSync(join(parent, name, mark), '');
  };
  make('x-left', `owner-${namespace}-${pid}-123`);
  make('x-reused', `owner-${namespace}-${process.pid}-123`);
  make('x-elsewhere', `owner-1-${pid}-123`);
  make('x-unmarked');
  make('y-left', `owner-${namespace}-${pid}-123`);
  make('x-own');
  markAsOwn(join(parent, 'x-own'));
  const removed: string[] = [];
  const remove = async (folder: string) => {
    removed.push(folder);
    await sleep(50);
    rmSync(folder, { recursive: true });
  };
  await Promise.all([1, 2].map(() => removeAbandoned(join(parent, 'x-'), remove)));
  assert.deepEqual(
    removed.sort(),
    ['x-left', 'x-reused'].map((name) => join(parent, name)),
  );
  assert.deepEqual(readdirSync(parent).sort(), ['x-elsewhere', 'x-own', 'x-unmarked', 'y-left']);
});
