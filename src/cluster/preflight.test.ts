import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkMachine, checkPort, type Machine } from './preflight.ts';

const good: Machine = {
  platform: 'linux',
  uid: 0,
  exists: () => true,
  nftablesProblem: () => undefined,
  nowMs: Date.UTC(2026, 5, 1),
  freeBytes: () => 2 ** 30,
  writable: () => true,
  addresses: ['127.0.0.1', '192.0.2.7'],
};
const check = (machine: Partial<Machine>, listen: string[] = []) =>
  checkMachine(
    { dataDirectory: '/srv/data/cluster', kubeconfig: '/home/anna/.kube/config', listen },
    { ...good, ...machine },
  );

test('a machine that has all is accepted', () => {
  assert.doesNotThrow(() => check({}, ['192.0.2.7', '0.0.0.0', '127.0.0.2']));
});

const refusals: [string, Partial<Machine>, RegExp][] = [
  ['another system', { platform: 'darwin' }, /needs Linux.*rempart dev/],
  ['no root', { uid: 1000 }, /run this as root \(sudo rempart up\)/],
  ['no containerd', { exists: (path) => !path.includes('containerd') }, /apt-get install containerd$/],
  ['a kernel without nftables', { nftablesProblem: () => 'Protocol not supported' }, /CONFIG_NF_TABLES.*not supported/],
  ['a clock that stands at 1970', { nowMs: 0 }, /1970-01-01.*set it \(timedatectl/],
  ['a full disk', { freeBytes: () => 511 * 2 ** 20 }, /Only 511 MiB are free under \/srv\/data\/cluster/],
  [
    'a read-only place for the kubeconfig',
    { writable: (place) => !place.startsWith('/home') },
    /\/home\/anna\/\.kube cannot be written to.*--kubeconfig/,
  ],
  ['a read-only place', { writable: () => false }, /\/srv\/data\/cluster cannot be written to.*--data-dir/],
];
for (const [what, machine, message] of refusals)
  test(`${what} is refused with what to do`, () => {
    assert.throws(() => check(machine), message);
  });

test('the nearest folder that exists is what is looked at', () => {
  const asked: string[] = [];
  check({
    exists: (path) => !path.startsWith('/srv/data'),
    writable: (directory) => asked.push(directory) > 0,
  });
  assert.deepEqual(asked, ['/srv', '/home/anna/.kube']);
});

test('an address that the machine does not have is refused with those it has', () => {
  assert.throws(() => check({}, ['192.0.2.8']), /--listen 192\.0\.2\.8: .*192\.0\.2\.7/);
});

test('a port that is taken is refused, a free one is not', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await assert.rejects(checkPort('127.0.0.1', port, '--port'), /taken by another program\. Choose another with --port/);
  server.close();
  await once(server, 'close');
  await checkPort('127.0.0.1', port, '--port');
});

test('a folder that is a file is not writable on this very machine', { skip: process.getuid?.() !== 0 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-preflight-'));
  const file = join(folder, 'file');
  writeFileSync(file, '');
  try {
    const onlyPlace = { dataDirectory: file, kubeconfig: join(file, 'config'), listen: [] };
    assert.throws(() => checkMachine(onlyPlace), /cannot be written to|Missing on this machine|nftables/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
