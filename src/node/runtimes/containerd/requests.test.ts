import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cgroupFolder, createPodCgroup, isCgroupVersion2, removePodCgroup } from '../cgroups.ts';
import type { ContainerConfig } from '../runtime.ts';
import { cannotRunContainerd, containerConfig, sandboxConfig, startTestHost } from '../testing/host.ts';
import { containerRequest } from './requests.ts';

test('an AppArmor profile is told to the runtime as it was asked for, none when nobody asks', () => {
  const plain = containerConfig('x', []);
  const told = (appArmor?: ContainerConfig['security']['appArmor']) => {
    const config = { ...plain, security: { ...plain.security, appArmor } };
    return containerRequest(config, { ...sandboxConfig('x', '/'), privileged: false }).linux?.securityContext?.apparmor;
  };
  assert.equal(told(), undefined);
  assert.deepEqual(told({ type: 'RuntimeDefault' }), { profileType: 0, localhostRef: '' });
  assert.deepEqual(told({ type: 'Unconfined' }), { profileType: 1, localhostRef: '' });
  assert.deepEqual(told({ type: 'Localhost', localhostProfile: 'a' }), { profileType: 2, localhostRef: 'a' });
});

test('what a container may do is what was asked for', { skip: cannotRunContainerd }, async (t) => {
  const { runtime, folder } = await startTestHost(t, '10.250.5.0/24');
  const config = sandboxConfig('secure', folder, {
    shareProcessNamespace: true,
    sysctls: { 'net.ipv4.ip_local_port_range': '20000 20100' },
  });
  createPodCgroup(config.cgroupParent, { memoryLimitBytes: 256 * 2 ** 20 });
  const sandbox = await runtime.runPod(config);
  const plain = containerConfig('x', ['sleep', '1000']);
  let serial = 0;
  const start = async (changes: Partial<ContainerConfig>, security: Partial<ContainerConfig['security']> = {}) => {
    serial += 1;
    const name = `c${serial}`;
    const whole = { ...plain, name, logPath: `${name}.log`, ...changes, security: { ...plain.security, ...security } };
    const container = await runtime.createContainer(sandbox, whole);
    await runtime.startContainer(container);
    return (script: string) =>
      runtime.exec(container, ['sh', '-c', script], 10_000).then(({ output }) => output.trim());
  };

  await t.test('user, groups, capabilities, seccomp, privileges, file system', async () => {
    const run = await start(
      {},
      {
        runAsUser: 1000,
        runAsGroup: 2000,
        supplementalGroups: [3000],
        readOnlyRootFilesystem: true,
        dropCapabilities: ['ALL'],
        maskedPaths: ['/proc/keys'],
      },
    );
    assert.match(await run('id'), /uid=1000 gid=2000 groups=.*3000/);
    const status = await run('cat /proc/self/status');
    assert.match(status, /CapBnd:\t0{16}\n/);
    assert.match(status, /NoNewPrivs:\t1\nSeccomp:\t2\n/);
    assert.match(await run('touch /x 2>&1'), /Read-only file system/);
    assert.equal(await run('wc -c < /proc/keys'), '0');
    assert.equal(await run('cat /proc/sys/net/ipv4/ip_local_port_range'), '20000\t20100');
  });
  await t.test('added capabilities, with and without the prefix', async () => {
    const run = await start({}, { dropCapabilities: ['ALL'], addCapabilities: ['CAP_NET_ADMIN', 'CHOWN'] });
    assert.match(await run('cat /proc/self/status'), /CapBnd:\t0000000000001001\n/);
  });
  // Where the kernel has no AppArmor, the runtime says so; where it has, that this profile is not loaded.
  await t.test('an AppArmor profile that is not there is refused', async () => {
    await assert.rejects(
      start({}, { appArmor: { type: 'Localhost', localhostProfile: 'rempart-absent' } }),
      /apparmor/,
    );
  });
  await t.test('unconfined and privileged only when it is said', async () => {
    const unconfined = await start({}, { seccomp: { type: 'Unconfined' } });
    assert.match(await unconfined('cat /proc/self/status'), /Seccomp:\t0\n/);
    await assert.rejects(start({}, { privileged: true }), /no privileged container allowed/);
    const whole = { ...plain.security, privileged: true, noNewPrivileges: false };
    const powerful = await runtime.runPod(sandboxConfig('powerful', folder, { security: whole }));
    const container = await runtime.createContainer(powerful, { ...plain, security: whole });
    await runtime.startContainer(container);
    const { output } = await runtime.exec(container, ['sh', '-c', 'cat /proc/self/status'], 10_000);
    assert.doesNotMatch(output, /CapBnd:\t0{11}/);
    await runtime.removePod(powerful);
  });
  await t.test('a container sees the processes of another only where it was made to', async () => {
    const apart = await runtime.runPod(sandboxConfig('apart', folder, {}));
    const run = async (name: string, changes: Partial<ContainerConfig>) => {
      const container = await runtime.createContainer(apart, { ...plain, name, logPath: `${name}.log`, ...changes });
      await runtime.startContainer(container);
      return container;
    };
    const target = await run('target', { command: ['sleep', '1234'] });
    const processes = async (container: string) =>
      (await runtime.exec(container, ['sh', '-c', 'cat /proc/1/cmdline'], 10_000)).output;
    assert.doesNotMatch(await processes(await run('alone', {})), /1234/);
    assert.match(await processes(await run('debugger', { processesOf: target })), /sleep\x001234/);
    await runtime.removePod(apart);
  });
  await t.test('mounts, variables, working directory, arguments', async () => {
    mkdirSync(join(folder, 'volume'));
    writeFileSync(join(folder, 'volume/file'), 'content');
    const mount = {
      hostPath: join(folder, 'volume'),
      containerPath: '/volume',
      readOnly: true,
      propagation: 'private',
    };
    const run = await start({
      mounts: [mount as ContainerConfig['mounts'][number]],
      environment: [{ name: 'A', value: 'one = 1' }],
      workingDir: '/tmp',
    });
    assert.equal(await run('cat /volume/file; echo; echo $A; pwd'), 'content\none = 1\n/tmp');
    assert.equal(await run('hostname; echo $HOSTNAME'), 'secure\nsecure');
    assert.match(await run('touch /volume/x 2>&1'), /Read-only/);
  });
  await t.test('limits of the container and of its pod', async () => {
    const megabytes = 64 * 2 ** 20;
    const run = await start({ resources: { ...plain.resources, memoryLimitBytes: megabytes, cpuShares: 512 } });
    assert.ok(run);
    const newest = (await runtime.listPods(sandbox))[0]!.containers.find(({ name }) => name === `c${serial}`)!;
    const limit = (path: string) =>
      Number(
        readFileSync(
          join(cgroupFolder('memory', path), isCgroupVersion2() ? 'memory.max' : 'memory.limit_in_bytes'),
          'utf8',
        ),
      );
    assert.equal(limit(`${config.cgroupParent}/${newest.id}`), megabytes);
    assert.equal(limit(config.cgroupParent), 4 * megabytes);
  });
  await t.test('a container that takes more memory than it may is killed, and that is the reason', async () => {
    const resources = { ...plain.resources, memoryLimitBytes: 16 * 2 ** 20 };
    const greedy = { ...plain, name: 'greedy', command: ['tail', '/dev/zero'], resources };
    const container = await runtime.createContainer(sandbox, greedy);
    const ended = new Promise<void>((resolve) => {
      const stop = runtime.watch(async () => {
        if ((await runtime.containerStatus(container))?.state !== 'exited') return;
        stop();
        resolve();
      });
    });
    await runtime.startContainer(container);
    await ended;
    const status = await runtime.containerStatus(container);
    assert.deepEqual([status?.exitCode, status?.reason], [137, 'OOMKilled']);
  });
  await t.test('the pause process reaps what nobody else does', async () => {
    const run = await start({});
    const processes = () => run('cat /proc/[0-9]*/status 2>/dev/null');
    await run('(sleep 0.1 &) ; true');
    assert.match(await processes(), /Name:\tpause\n/);
    for (let tries = 0; tries < 200 && /Name:\tsleep\n/.test(await processes()); tries++);
    assert.doesNotMatch(await processes(), /State:\tZ/);
  });
  await t.test('a command that is not there is an error with a reason', async () => {
    const container = await runtime.createContainer(sandbox, { ...plain, name: 'bad', command: ['/nothing'] });
    await assert.rejects(runtime.startContainer(container), /nothing/);
    const status = await runtime.containerStatus(container);
    assert.deepEqual([status?.state, status?.exitCode, status?.reason], ['exited', 128, 'StartError']);
  });
  await t.test('the host network has no address of its own; cgroups go when the pods are gone', async () => {
    const host = await runtime.runPod(sandboxConfig('host', folder, { hostNetwork: true }));
    assert.deepEqual((await runtime.listPods(host))[0]!.ips, []);
    assert.equal(removePodCgroup(config.cgroupParent), false);
    for (const id of [host, sandbox]) await runtime.removePod(id);
    assert.equal(removePodCgroup(config.cgroupParent), true);
  });
});
