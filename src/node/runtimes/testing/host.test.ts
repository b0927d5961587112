import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cannotRunContainerd as skip, startTestHost } from './host.ts';

const ip = (words: string) => spawnSync('ip', words.split(' '), { encoding: 'utf8' }).stdout;

const killed = `
  const { startTestHost, sandboxConfig } = await import(process.argv[1]);
  const { runtime, folder } = await startTestHost({ after() {} }, '10.250.7.0/24');
  await runtime.runPod(sandboxConfig('left', folder));
  console.log(folder);
  setInterval(() => {}, 1000);
`;

test('what a killed run left is taken down before the next host starts', { skip, timeout: 120_000 }, async (t) => {
  const words = ['--input-type=module', '-e', killed, join(import.meta.dirname, 'host.ts')];
  const run = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const folder = String((await once(run.stdout, 'data'))[0]).trim();
  run.kill('SIGKILL');
  await once(run, 'exit');
  assert.match(ip('-4 route show root 10.250.7.0/24'), /^10\.250\.7\.\d+ /);
  await startTestHost(t, '10.250.7.0/24');
  assert.ok(!existsSync(folder));
  assert.equal(ip('-4 route show root 10.250.7.0/24'), '');
});

test('addresses that somebody else has are named, and nothing is started', { skip }, async (t) => {
  ip('route add 10.250.8.5/32 dev lo');
  t.after(() => ip('route del 10.250.8.5/32 dev lo'));
  await assert.rejects(
    startTestHost(t, '10.250.8.0/24'),
    /10\.250\.8\.0\/24, which this test uses:\n10\.250\.8\.5 dev lo/,
  );
});
