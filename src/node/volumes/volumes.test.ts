import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { PersistentVolume, Pod } from '../../api/schema/types.d.ts';
import { testPod } from '../pods/testing/view.ts';
import { ConfigError } from '../security.ts';
import { plainMounter } from '../testing/mounter.ts';
import { checkHostPath } from './host-path.ts';
import { systemMounter } from './mounter.ts';
import { isInside, removeLocal } from './persistent.ts';
import { asRoot, folder, isRoot, makeTooDeep, mode } from './testing/folder.ts';
import type { VolumeSources } from './volume-type.ts';
import { createVolumes, volumeTypes } from './volumes.ts';

const facts = {
  nodeName: 'node-1',
  hostIP: '192.0.2.1',
  podIPs: ['10.244.0.2'],
  allocatable: { cpuMilli: 2000, memoryBytes: 1024, ephemeralBytes: 1024 },
};

const base64 = (text: string) => Buffer.from(text).toString('base64');
const metadata = { name: 'x', namespace: 'shop', uid: 'claim-uid' };
const sources: VolumeSources = {
  configMap: async (_, name) =>
    name === 'settings'
      ? ({ metadata, data: { colour: 'green', size: 'big' }, binaryData: { raw: base64('\0') } } as never)
      : undefined,
  secret: async (_, name) =>
    name === 'login' ? ({ metadata, data: { password: base64('hush') } } as never) : undefined,
  claim: async (_, name) => ({ metadata, spec: { volumeName: name }, status: { phase: 'Bound' } }) as never,
  persistentVolume: async (name) =>
    ({ metadata: { name }, spec: { claimRef: { uid: 'claim-uid' }, hostPath: { path: name } } }) as never,
  token: async (_, audience, seconds) => ({
    value: `token for ${audience}`,
    expiresAtMs: seconds * 1000,
    refreshAtMs: seconds * 800,
  }),
};

function volumesIn(root: string, changes: Partial<VolumeSources> = {}) {
  return createVolumes({
    ...{ podsDirectory: join(root, 'pods'), memoryDirectory: join(root, 'memory'), localPathRoot: join(root, 'local') },
    ...{ sources: { ...sources, ...changes }, mounter: isRoot ? systemMounter : plainMounter },
  });
}

test('a ConfigMap shows its keys, or the chosen ones under their paths and modes', async (context) => {
  const root = folder(context);
  const volumes = [
    { name: 'all', configMap: { name: 'settings' } },
    {
      name: 'some',
      configMap: {
        name: 'settings',
        defaultMode: 0o400,
        items: [
          { key: 'colour', path: 'deep/er/c', mode: 0o440 },
          { key: 'size', path: 's' },
        ],
      },
    },
  ];
  const mounted = await volumesIn(root).mount(testPod({ volumes }), facts);
  const [all, some] = ['all', 'some'].map((name) => mounted.get(name)!.hostPath) as [string, string];
  assert.deepEqual(
    readdirSync(all)
      .filter((name) => !name.startsWith('..'))
      .sort(),
    ['colour', 'raw', 'size'],
  );
  assert.equal(readFileSync(join(all, 'colour'), 'utf8'), 'green');
  assert.deepEqual(readFileSync(join(all, 'raw')), Buffer.from([0]));
  assert.equal(mode(join(all, 'colour')), '644');
  assert.equal(mode(join(some, 'deep/er/c')), '440');
  assert.equal(mode(join(some, 's')), '400');
  assert.equal(mounted.get('all')!.readOnly, true);
});

test('a missing ConfigMap, Secret or key is named; an optional one is empty', async (context) => {
  const volumes = volumesIn(folder(context));
  const mount = (volume: object) => volumes.mount(testPod({ volumes: [{ name: 'v', ...volume }] }), facts);
  await assert.rejects(mount({ configMap: { name: 'none' } }), /volume "v".*configmap "none" not found/);
  await assert.rejects(mount({ secret: { secretName: 'none' } }), /secret "none" not found/);
  await assert.rejects(
    mount({ secret: { secretName: 'login', items: [{ key: 'no', path: 'p' }] } }),
    /has no key "no"/,
  );
  await assert.rejects(mount({ nfs: { server: 'x', path: '/' } }), /type nfs is not supported/);
  const optional = await mount({ secret: { secretName: 'none', optional: true } });
  assert.deepEqual(
    readdirSync(optional.get('v')!.hostPath).filter((name) => !name.startsWith('..')),
    [],
  );
});

test('secrets and tokens are kept in memory, and tokens say when they must be renewed', async (context) => {
  const root = folder(context);
  const serviceAccountToken = { path: 'token', expirationSeconds: 3600, audience: 'vault' };
  const downwardAPI = { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] };
  const projected = {
    sources: [
      { serviceAccountToken },
      { secret: { name: 'login' } },
      { configMap: { name: 'settings' } },
      { downwardAPI },
    ],
  };
  const pod = testPod({ volumes: [{ name: 'all', projected }] }, { labels: { b: '2', a: '1' } });
  const mounted = (await volumesIn(root).mount(pod, facts)).get('all')!;
  assert.ok(mounted.hostPath.startsWith(join(root, 'memory')));
  assert.equal(mounted.refreshAtMs, 3600 * 800);
  const text = (name: string) => readFileSync(join(mounted.hostPath, name), 'utf8');
  assert.deepEqual(['token', 'password', 'colour', 'labels'].map(text), [
    'token for vault',
    'hush',
    'green',
    'a="1"\nb="2"',
  ]);
});

test('an emptyDir belongs to the fsGroup, anyone may write, and memory is bounded', asRoot, async (context) => {
  const root = folder(context);
  const volumes = [
    { name: 'disk', emptyDir: {} },
    { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '64Ki' } },
  ];
  const all = volumesIn(root);
  const pod = testPod({ volumes, securityContext: { fsGroup: 4242 } });
  const mounted = await all.mount(pod, facts);
  for (const [name, expected] of [
    ['disk', '2777'],
    ['memory', '3777'],
  ] as const) {
    const { gid } = statSync(mounted.get(name)!.hostPath);
    assert.equal(gid, 4242);
    assert.equal(mode(mounted.get(name)!.hostPath), expected);
  }
  assert.throws(() => writeFileSync(join(mounted.get('memory')!.hostPath, 'big'), Buffer.alloc(128 * 1024)), /ENOSPC/);
  writeFileSync(join(mounted.get('disk')!.hostPath, 'kept'), 'x');
  assert.deepEqual(await all.mount(pod, facts, mounted), mounted);
  assert.deepEqual(await all.present(), ['uid-1']);
  await all.release('uid-1');
  assert.deepEqual(await systemMounter.below(root), []);
  assert.deepEqual(await all.present(), []);
});

test('fsGroup never follows a link out of the volume', asRoot, async (context) => {
  const root = folder(context);
  const outside = join(root, 'outside');
  writeFileSync(outside, 'x');
  chmodSync(outside, 0o600);
  const path = join(root, 'local', 'pv');
  mkdirSync(path, { recursive: true });
  symlinkSync(outside, join(path, 'link'));
  writeFileSync(join(path, 'file'), 'x', { mode: 0o600 });
  const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: path } }];
  await volumesIn(root).mount(testPod({ volumes, securityContext: { fsGroup: 4242 } }), facts);
  assert.equal(statSync(outside).gid, 0);
  assert.equal(mode(outside), '600');
  assert.equal(statSync(join(path, 'file')).gid, 4242);
  assert.equal(mode(join(path, 'file')), '660');
});

test('a claim must be bound, and its directory is made only below the root of local volumes', async (context) => {
  const root = folder(context);
  const mount = (claimName: string, changes: Partial<VolumeSources> = {}) =>
    volumesIn(root, changes).mount(testPod({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }] }), facts);
  const mounted = await mount(join(root, 'local', 'pvc-1'));
  assert.equal(mode(mounted.get('v')!.hostPath), '777');
  assert.equal(mode(join(root, 'local')), '700');
  await assert.rejects(mount(join(root, 'elsewhere')), /is not a Directory/);
  assert.equal(existsSync(join(root, 'elsewhere')), false);
  await assert.rejects(mount('x', { claim: async () => undefined }), /persistentvolumeclaim "x" not found/);
  const pending = async () => ({ metadata, spec: {}, status: { phase: 'Pending' } }) as never;
  await assert.rejects(mount('x', { claim: pending }), /is not bound/);
  const stolen = async () => ({ metadata, spec: { claimRef: { uid: 'other' }, hostPath: { path: '/' } } }) as never;
  await assert.rejects(mount('x', { persistentVolume: stolen }), /bound to another claim/);
});

test('only a real directory below the root of local volumes is ever removed', async (context) => {
  const root = folder(context);
  const local = join(root, 'local');
  const precious = join(root, 'precious');
  for (const path of [join(local, 'pvc-1', 'data'), precious]) mkdirSync(path, { recursive: true });
  symlinkSync(precious, join(local, 'link'));
  const volume = (path: string) => ({ metadata: { name: 'pv' }, spec: { hostPath: { path } } }) as PersistentVolume;
  for (const path of [precious, local, `${local}/../precious`, `${local}/link`, `${local}/link/.`, '/', `${local}x`])
    await assert.rejects(removeLocal(local, volume(path)), /outside/, path);
  mkdirSync(join(precious, 'inner'));
  await assert.rejects(removeLocal(local, volume(join(local, 'link/inner'))), /outside/);
  assert.ok(existsSync(join(precious, 'inner')));
  await removeLocal(local, volume(join(local, 'pvc-1')));
  assert.equal(existsSync(join(local, 'pvc-1')), false);
  await removeLocal(local, volume(join(local, 'never-made')));
  assert.equal(isInside('/a', '/a/..b'), true);
});

test('what a container makes of its volumes cannot keep them from being removed', async (context) => {
  const root = folder(context);
  const volumes = volumesIn(root);
  const pod = testPod({ volumes: [{ name: 'disk', emptyDir: {} }] });
  const mounted = await volumes.mount(pod, facts);
  makeTooDeep(mounted.get('disk')!.hostPath, Buffer.alloc(1));
  await volumes.release('uid-1');
  assert.deepEqual(readdirSync(join(root, 'pods')), []);
  const local = join(root, 'local');
  mkdirSync(join(local, 'pvc-1'), { recursive: true });
  makeTooDeep(join(local, 'pvc-1'), Buffer.alloc(1));
  await removeLocal(local, { spec: { hostPath: { path: join(local, 'pvc-1') } } } as PersistentVolume);
  assert.deepEqual(readdirSync(local), []);
});

test('hostPath types are checked or made', async (context) => {
  const root = folder(context);
  await checkHostPath(join(root, 'made'), 'DirectoryOrCreate', 'v');
  await checkHostPath(join(root, 'file'), 'FileOrCreate', 'v');
  await checkHostPath(join(root, 'made'), 'Directory', 'v');
  await checkHostPath('/dev/null', 'CharDevice', 'v');
  await assert.rejects(checkHostPath(join(root, 'file'), 'Directory', 'v'), /is not a Directory/);
  await assert.rejects(checkHostPath(join(root, 'none'), 'Socket', 'v'), /is not a Socket/);
  await assert.rejects(checkHostPath('relative', '', 'v'), /must be absolute/);
  await assert.rejects(checkHostPath(`${root}/../etc`, '', 'v'), /without \.\./);
});

test('mounts of a container: read-only for what is the agent’s, and subPathExpr never guesses', async (context) => {
  const volumes = volumesIn(folder(context));
  const pod: Pod = testPod({
    volumes: [
      { name: 'c', configMap: { name: 'settings' } },
      { name: 'e', emptyDir: {} },
    ],
  });
  const mounted = await volumes.mount(pod, facts);
  const container = (volumeMounts: object[]) => ({ name: 'main', volumeMounts }) as never;
  const mount = (...volumeMounts: object[]) =>
    volumes.containerMounts(pod, container(volumeMounts), mounted, new Map());
  const [first, second] = await mount({ name: 'c', mountPath: '/c' }, { name: 'e', mountPath: 'e' });
  assert.deepEqual([first!.readOnly, second!.readOnly, second!.containerPath], [true, false, '/e']);
  await assert.rejects(mount({ name: 'x', mountPath: '/x' }), /"x", which does not exist/);
  await assert.rejects(
    mount({ name: 'c', mountPath: '/x' }, { name: 'e', mountPath: '/x' }),
    /two volumeMounts at \/x/,
  );
  await assert.rejects(mount({ name: 'e', mountPath: '/x', subPathExpr: '$(NOPE)' }), /variable NOPE is not defined/);
});

test('mounts below a read-only one stay writable, and only IfPossible puts up with it', async (context) => {
  const volumes = volumesIn(folder(context));
  const pod: Pod = testPod({ volumes: [{ name: 'e', emptyDir: {} }] });
  const mounted = await volumes.mount(pod, facts);
  const mount = (recursiveReadOnly: string) => {
    const volumeMounts = [{ name: 'e', mountPath: '/e', readOnly: true, recursiveReadOnly }];
    return volumes.containerMounts(pod, { name: 'main', volumeMounts } as never, mounted, new Map());
  };
  for (const mode of ['Disabled', 'IfPossible']) assert.equal((await mount(mode))[0]!.readOnly, true);
  await assert.rejects(mount('Enabled'), { constructor: ConfigError, message: /volumeMount \/e: .* IfPossible/ });
});

test('a persistent volume with mount options is not mounted without them', async (context) => {
  const path = folder(context);
  const volume = (mountOptions: string[]) => async (name: string) =>
    ({ metadata: { name }, spec: { claimRef: { uid: 'claim-uid' }, hostPath: { path }, mountOptions } }) as never;
  const pod = testPod({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'x' } }] });
  const mount = (options: string[]) => volumesIn(path, { persistentVolume: volume(options) }).mount(pod, facts);
  assert.equal((await mount([])).get('v')!.hostPath, path);
  await assert.rejects(mount(['ro', 'noexec']), /persistentvolume "x": .* mountOptions \(ro, noexec\)/);
});

test('every file of a volume type is in the list', () => {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts') && !file.includes('.test.'));
  const texts = files.map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'));
  const made = texts.flatMap((text) => [...text.matchAll(/^export const \w+: VolumeType = /gm)]);
  assert.equal(volumeTypes.length, made.length);
  assert.equal(new Set(volumeTypes.map(({ field }) => field)).size, made.length);
});

test('a uid that could name another directory is refused', async (context) => {
  const volumes = volumesIn(folder(context));
  for (const uid of ['..', '../x', '', '/etc']) await assert.rejects(volumes.release(uid), /cannot name a directory/);
});
