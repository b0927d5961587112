import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testPod } from './pods/testing/view.ts';
import { containerSecurity, sysctlName } from './security.ts';

const node = { seccompDefault: true, seccompDirectory: '/agent/seccomp' };

function merged(podContext: object, context: object, user = '') {
  const pod = testPod({ securityContext: podContext, containers: [{ name: 'main', securityContext: context }] });
  return containerSecurity(pod, pod.spec!.containers[0]!, { user }, node);
}

test('seccomp is on when nobody speaks of it, and off only by name', () => {
  assert.deepEqual(merged({}, {}).seccomp, { type: 'RuntimeDefault' });
  assert.deepEqual(merged({ seccompProfile: { type: 'Unconfined' } }, {}).seccomp, { type: 'Unconfined' });
  const localhost = (localhostProfile: string) =>
    merged({}, { seccompProfile: { type: 'Localhost', localhostProfile } }).seccomp;
  assert.deepEqual(localhost('a/b.json'), { type: 'Localhost', localhostPath: '/agent/seccomp/a/b.json' });
  for (const path of ['/etc/x', '../x', 'a/../../x', ''])
    assert.throws(() => localhost(path), /must be a relative path/);
});

test('where the protection is off, who says nothing runs without a profile, and who names one has it', () => {
  const off = (podContext: object) => {
    const pod = testPod({ securityContext: podContext, containers: [{ name: 'main' }] });
    return containerSecurity(pod, pod.spec!.containers[0]!, { user: '' }, { ...node, seccompDefault: false }).seccomp;
  };
  assert.deepEqual(off({}), { type: 'Unconfined' });
  assert.deepEqual(off({ seccompProfile: { type: 'RuntimeDefault' } }), { type: 'RuntimeDefault' });
});

test('the container’s context wins over the pod’s', () => {
  const podContext = { runAsUser: 1000, runAsGroup: 1000, fsGroup: 2000, supplementalGroups: [3000] };
  const found = merged(podContext, { runAsUser: 1, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
  assert.equal(found.runAsUser, 1);
  assert.equal(found.runAsGroup, 1000);
  assert.deepEqual(found.supplementalGroups, [3000, 2000]);
  assert.equal(found.noNewPrivileges, true);
  assert.deepEqual(found.dropCapabilities, ['ALL']);
});

test('runAsNonRoot is verified against the user the image brings', () => {
  const nonRoot = { runAsNonRoot: true };
  assert.equal(merged(nonRoot, {}, '1000:1000').runAsUser, 1000);
  assert.equal(merged(nonRoot, { runAsUser: 5 }, 'root').runAsUser, 5);
  assert.throws(() => merged(nonRoot, {}, ''), /image will run as root/);
  assert.throws(() => merged(nonRoot, {}, '0'), /image will run as root/);
  assert.throws(() => merged(nonRoot, {}, 'nginx'), /non-numeric user \(nginx\)/);
  assert.equal(merged(nonRoot, {}, '2147483647').runAsUser, 2147483647);
  // As 32 bits it is 0; some containerds look it up as a name in the image's /etc/passwd, which may say 0 as well.
  for (const user of ['2147483648', '4294967296', '4294967296:1'])
    assert.throws(() => merged(nonRoot, {}, user), /non-numeric user/);
  assert.throws(() => merged(nonRoot, { runAsUser: 0 }), /breaks non-root policy/);
  assert.equal(merged({}, {}, 'nginx').runAsUsername, 'nginx');
});

test('what is masked is unmasked only for the privileged and on request', () => {
  assert.ok(merged({}, {}).maskedPaths.includes('/proc/kcore'));
  assert.deepEqual(merged({}, { privileged: true }).maskedPaths, []);
  assert.deepEqual(merged({}, { procMount: 'Unmasked' }).readonlyPaths, []);
  assert.throws(() => merged({}, { privileged: true, allowPrivilegeEscalation: false }), /contradicts/);
});

test('sysctls are named with dots or with slashes', () => {
  assert.equal(sysctlName('kernel.shm_rmid_forced'), 'kernel.shm_rmid_forced');
  assert.equal(sysctlName('kernel/shm_rmid_forced'), 'kernel.shm_rmid_forced');
  assert.equal(sysctlName('net/ipv4/conf/eth0.1/forwarding'), 'net.ipv4.conf.eth0/1.forwarding');
  assert.equal(sysctlName('net.ipv4.conf.eth0/1.forwarding'), 'net.ipv4.conf.eth0/1.forwarding');
});
