import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Configuration, configure } from '../configuration.ts';
import { logFiles } from '../places.ts';
import { endOrphan, own, startProcess } from './processes.ts';
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

const asRoot = { skip: process.getuid?.() === 0 && !skip ? false : 'needs root on Linux' };
const serverUid = 61_723;

test('what the server put into its folders leads root nowhere: a log that is a link is not opened', asRoot, (t) => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'rempart-link-'));
  t.after(() => rmSync(dataDirectory, { recursive: true }));
  const configuration = configure({ dataDirectory, runDirectory: join(dataDirectory, 'run') });
  const { folder, crash } = logFiles('server', configuration);
  mkdirSync(folder, { recursive: true });
  symlinkSync(join(dataDirectory, 'elsewhere'), crash);
  assert.throws(() => startProcess('server', configuration), /ELOOP.*crash\.log/);
  assert.equal(existsSync(join(dataDirectory, 'elsewhere')), false);
});

test('a folder that the server swaps for a link while it is given to it gives it nothing else', asRoot, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'rempart-own-'));
  t.after(() => rmSync(root, { recursive: true }));
  const names = Array.from({ length: 2000 }, (_, index) => `file-${index}`);
  for (const path of [join(root, 'outside'), join(root, 'given/folder')]) {
    mkdirSync(path, { recursive: true });
    for (const name of names) writeFileSync(join(path, name), '');
  }
  const swap = `until [ "$(stat -c %u given/folder)" = ${serverUid} ]; do :; done
    mv given/folder given/aside; ln -s ../outside given/folder`;
  const swapping = spawn('/bin/sh', ['-c', swap], { cwd: root, stdio: 'ignore' });
  await delay(50);
  own(join(root, 'given'), serverUid);
  await once(swapping, 'close');
  assert.deepEqual(
    names.filter((name) => statSync(join(root, 'outside', name)).uid !== 0),
    [],
  );
  assert.equal(statSync(join(root, 'given/aside/file-0')).uid, serverUid);
});
