import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { appArmorProfile } from './app-armor.ts';
import { testPod } from './pods/testing/view.ts';
import { ConfigError } from './security.ts';

/** A kernel with these profiles, or without AppArmor. */
function kernel(context: TestContext, enabled: string | undefined, profiles?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-apparmor-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const places = { enabled: join(folder, 'enabled'), profiles: join(folder, 'profiles') };
  if (enabled !== undefined) writeFileSync(places.enabled, enabled);
  if (profiles !== undefined) writeFileSync(places.profiles, profiles);
  return (own: object | undefined, ofPod?: object) => {
    const securityContext = own && { appArmorProfile: own };
    const pod = testPod({
      ...(ofPod ? { securityContext: { appArmorProfile: ofPod } } : {}),
      containers: [{ name: 'main', ...(securityContext ? { securityContext } : {}) }],
    });
    return appArmorProfile(pod, pod.spec!.containers[0]!, places);
  };
}

const named = (localhostProfile: string) => ({ type: 'Localhost', localhostProfile });

test('the container’s profile wins over the pod’s; who names none leaves it to the runtime', (context) => {
  const profile = kernel(context, 'Y\n', 'k8s-nginx (enforce)\nmy own (complain)\n');
  assert.equal(profile(undefined), undefined);
  assert.deepEqual(profile({ type: 'Unconfined' }, named('k8s-nginx')), { type: 'Unconfined' });
  assert.deepEqual(profile(undefined, { type: 'RuntimeDefault' }), { type: 'RuntimeDefault' });
  assert.deepEqual(profile(undefined, named('k8s-nginx')), named('k8s-nginx'));
  assert.deepEqual(profile(named('my own')), named('my own'));
});

test('a profile that is not loaded is refused', (context) => {
  const profile = kernel(context, 'Y\n', 'k8s-nginx (enforce)\n');
  for (const name of ['k8s', 'k8s-nginx (enforce)', '', 'unconfined'])
    assert.throws(() => profile(named(name)), /not loaded on this node: load it there/, name);
  const unread = kernel(context, 'Y\n');
  assert.throws(() => unread(named('k8s-nginx')), /mount securityfs/);
});

test('without AppArmor every profile that is asked for is refused', (context) => {
  for (const enabled of [undefined, 'N\n']) {
    const profile = kernel(context, enabled, 'k8s-nginx (enforce)\n');
    assert.throws(
      () => profile(named('k8s-nginx')),
      (error) => error instanceof ConfigError && /"k8s-nginx": this node has no AppArmor/.test(error.message),
    );
    assert.throws(
      () => profile({ type: 'RuntimeDefault' }),
      /appArmorProfile RuntimeDefault: this node has no AppArmor/,
    );
    assert.equal(profile({ type: 'Unconfined' }), undefined);
    assert.equal(profile(undefined), undefined);
  }
});
