import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Configuration, configure } from '../configuration.ts';
import { endOrphan } from './processes.ts';
import { programs } from './running.ts';

const skip = process.platform === 'linux' ? false : 'needs /proc';

/** What looks like a program of the cluster, whose parent never asks how it ended: as under some first processes. */
function startUnreaped({ dataDirectory }: Configuration) {
  const program = `${process.execPath} -e 'setInterval(() => {}, 1000)' cli/main.ts server --data-dir ${dataDirectory}`;
  return spawn('/bin/sh', ['-c', `${program} & exec sleep 60`], { stdio: 'ignore' });
}

test('an orphan is ended, also where nobody takes note of its end', { skip, timeout: 20_000 }, async (t) => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'rempart-orphan-'));
  const configuration = configure({ dataDirectory });
  const parent = startUnreaped(configuration);
  t.after(() => {
    parent.kill();
    rmSync(dataDirectory, { recursive: true });
  });
  while (programs('server', configuration).length === 0) await delay(20);
  await endOrphan('server', configuration);
  assert.deepEqual(programs('server', configuration), []);
});
