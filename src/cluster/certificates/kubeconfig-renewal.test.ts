import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { manualClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import { openAuthority } from './authority.ts';
import { identities } from './identities.ts';
import { readKubeconfigCredential, removeKubeconfig, writeKubeconfig } from './kubeconfig.ts';
import { keepKubeconfigFresh } from './kubeconfig-renewal.ts';

const folder = mkdtempSync(join(tmpdir(), 'rempart-renewal-'));
after(() => rmSync(folder, { recursive: true }));
const dayMs = 24 * 3600 * 1000;
let number = 0;

/** A kubeconfig with our entry and another one, and what keeps ours fresh. */
async function start() {
  const directory = join(folder, String(number++));
  const kubeconfig = join(directory, 'config');
  const clock = manualClock(Date.UTC(2026, 5, 1));
  const authority = openAuthority(join(directory, 'pki'), clock);
  const entry = (name: string) => ({
    ...{ name, server: 'https://127.0.0.1:1', authority: authority.certificate },
    credential: authority.issue(identities.admin()),
  });
  await writeKubeconfig(kubeconfig, entry('other'));
  await writeKubeconfig(kubeconfig, entry('ours'));
  const renewal = await keepKubeconfigFresh({ kubeconfig, name: 'ours' }, authority, { clock, log: silentLog });
  const days = (count: number) => clock.advance(count * dayMs);
  /** The same, and what begins to be written by then is written. */
  const lastDays = async (count: number) => {
    days(count);
    await renewal.stop();
  };
  return { kubeconfig, days, lastDays, read: (name: string) => readKubeconfigCredential(kubeconfig, name) };
}

test('a credential is replaced when two thirds of its life are over, and nothing else is', async () => {
  const { kubeconfig, days, lastDays, read } = await start();
  if (process.getuid?.() === 0) chownSync(kubeconfig, 65_534, 65_534);
  const { uid } = statSync(kubeconfig);
  const [ours, other] = [await read('ours'), await read('other')];
  days(4);
  assert.deepEqual(await read('ours'), ours);
  await lastDays(1);
  const renewed = await read('ours');
  assert.ok(renewed!.notAfterMs > ours!.notAfterMs);
  assert.deepEqual(await read('other'), other);
  assert.match(readFileSync(kubeconfig, 'utf8'), /current-context: ours/);
  assert.equal(statSync(kubeconfig).mode & 0o777, 0o600);
  assert.equal(statSync(kubeconfig).uid, uid, 'the file has another owner now');
});

test('a file that its owner removed is not made again', async () => {
  const { kubeconfig, lastDays } = await start();
  rmSync(kubeconfig);
  await lastDays(6);
  assert.equal(existsSync(kubeconfig), false);
});

test('an entry that its owner took out is not put back', async () => {
  const { kubeconfig, lastDays, read } = await start();
  await removeKubeconfig(kubeconfig, 'ours');
  const before = readFileSync(kubeconfig, 'utf8');
  await lastDays(6);
  assert.equal(readFileSync(kubeconfig, 'utf8'), before);
  assert.ok(await read('other'));
});
