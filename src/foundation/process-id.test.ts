import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { isAlive, processStartTime } from './process-id.ts';

const skip = existsSync('/proc/self/stat') ? false : 'needs /proc';

test('a process that runs is alive, one that never was is not', { skip }, () => {
  assert.equal(isAlive(process.pid), true);
  assert.equal(isAlive(2 ** 22 + 1), false);
});

test('of two processes the later one has the later start', { skip }, async () => {
  const later = spawn('sleep', ['30'], { stdio: 'ignore' });
  await once(later, 'spawn');
  assert.ok(Number(processStartTime(later.pid!)) > Number(processStartTime(process.pid)));
  later.kill('SIGKILL');
  await once(later, 'exit');
});

test('a zombie is not alive', { skip }, async () => {
  // The shell becomes a program that never asks after its child, and does so before the child ends.
  const parent = spawn('sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [text] = await once(parent.stdout, 'data');
  const child = Number(String(text).trim());
  for (let tries = 0; isAlive(child) && tries < 200; tries++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(existsSync(`/proc/${child}`), true);
  assert.equal(isAlive(child), false);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
});
