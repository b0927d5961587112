import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HostFacts, hostFilesMax, readHostFacts } from '../api/host-facts.ts';
import { collectHostFacts, type FilePlace, type HostFiles } from './host-facts.ts';

type Entry = { mode: number; uid?: number; gid?: number; text?: string };

/** A machine in memory. Reading anything but what a fact needs fails the test. */
function machine(entries: Record<string, Entry>): HostFiles {
  const missing = () => Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
  return {
    async stat(path) {
      const entry = entries[path];
      if (entry === undefined) throw missing();
      return { uid: 0, gid: 0, isDirectory: () => false, ...entry, mode: 0o100000 | entry.mode };
    },
    async readdir(path) {
      const names = Object.keys(entries).filter((name) => name.startsWith(`${path}/`));
      if (names.length === 0) throw missing();
      return names.map((name) => name.slice(path.length + 1)).filter((name) => !name.includes('/'));
    },
    async readFile(path) {
      assert.match(path, /^\/etc\/(passwd|group|os-release)$|^\/proc\/sys\//, 'no content is read of what is told of');
      const text = entries[path]?.text;
      if (text === undefined) throw missing();
      return text;
    },
  };
}

const names = {
  '/etc/passwd': { mode: 0o644, text: 'root:x:0:0:root:/root:/bin/sh\netcd:x:101:102::/:/bin/false\n' },
  '/etc/group': { mode: 0o644, text: 'root:x:0:\netcd:x:102:\n' },
};
const kubelet = { readOnlyPort: 0 } as HostFacts['kubelet'] as Required<HostFacts['kubelet']>;

const collect = (entries: Record<string, Entry>, places: FilePlace[] = [], serverUid = 61723) =>
  collectHostFacts({
    ...{ node: 'n1', places, serverUid, kubelet, files: machine({ ...names, ...entries }) },
    containerd: async () => '2.1.0',
  });

test('owners by name, modes without the kind of file, what is absent left out', async () => {
  const facts = await collect({
    '/etc/kubernetes/manifests/etcd.yaml': { mode: 0o600 },
    '/var/lib/etcd': { mode: 0o700, uid: 101, gid: 102 },
    '/etc/kubernetes/pki/ca.key': { mode: 0o640, gid: 4242 },
    '/etc/kubernetes/pki/ca.crt': { mode: 0o644 },
  });
  assert.deepEqual(
    facts.files.map(({ role, mode, owner, group }) => [role, mode.toString(8), owner, group]),
    [
      ['etcd-manifest', '600', 'root', 'root'],
      ['store-directory', '700', 'etcd', 'etcd'],
      ['certificate', '644', 'root', 'root'],
      ['private-key', '640', 'root', '4242'],
      ['kubelet-client-authority', '644', 'root', 'root'],
    ],
  );
  assert.equal(facts.serverAccount, '61723');
  assert.equal((await collect({}, [], 0)).serverAccount, undefined, 'root stands for nobody else');
  assert.deepEqual(readHostFacts(JSON.stringify(facts)), facts, 'what is told can be read');
});

test('versions and switches of the kernel are told where they are there', async () => {
  const facts = await collect({
    '/proc/sys/kernel/randomize_va_space': { mode: 0o644, text: '2\n' },
    '/proc/sys/kernel/osrelease': { mode: 0o444, text: '6.12.1\n' },
    '/etc/os-release': { mode: 0o644, text: 'NAME=x\nPRETTY_NAME="Debian GNU/Linux 13"\n' },
  });
  assert.deepEqual(facts.sysctls, { 'kernel.randomize_va_space': '2' });
  assert.deepEqual([facts.kernel, facts.operatingSystem, facts.containerd], ['6.12.1', 'Debian GNU/Linux 13', '2.1.0']);
});

test('more files than are told of are counted', async () => {
  const many = Array.from({ length: hostFilesMax + 3 }, (_, index) => [`/keys/${index}.key`, { mode: 0o600 }] as const);
  const facts = await collect(Object.fromEntries(many), [{ role: 'private-key', path: '/keys', names: /\.key$/ }]);
  assert.equal(facts.files.length, hostFilesMax);
  assert.equal(facts.omitted, 3);
});

test('facts that are none are not read', () => {
  const whole = { version: 1, node: 'a', files: [], kubelet: {} };
  assert.ok(readHostFacts(JSON.stringify(whole)));
  for (const broken of [{ ...whole, version: 2 }, { ...whole, files: [{}] }, { ...whole, kubelet: null }, [], null])
    assert.equal(readHostFacts(JSON.stringify(broken)), undefined);
  for (const text of [undefined, 7, '{', `"${'x'.repeat(70_000)}"`]) assert.equal(readHostFacts(text), undefined);
});
