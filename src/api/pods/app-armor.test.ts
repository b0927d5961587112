import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf } from '../api.ts';
import { create } from '../testing/refusals.ts';
import { appArmorAnnotation } from './app-armor.ts';

/** The profiles that containers get on create, and what is said about that. */
function created(annotation: string, context: object = {}, podContext: object = {}) {
  const pod = create('v1 Pod', ({ metadata, spec }) => {
    spec.securityContext = podContext;
    spec.containers = [{ name: 'a', image: 'x', securityContext: context }];
    spec.initContainers = [{ name: 'b', image: 'x' }];
    metadata.annotations = { [`${appArmorAnnotation}a`]: annotation };
  });
  const { containers, initContainers } = pod.spec;
  assert.equal(initContainers[0].securityContext, undefined);
  const warnings = kindOf('v1', 'Pod')!.warnings!(pod).length;
  return { profile: containers[0].securityContext.appArmorProfile, warnings };
}

test('what an annotation says of a container stands in its field from the start', () => {
  const field = (annotation: string) => created(annotation).profile;
  assert.deepEqual(field('runtime/default'), { type: 'RuntimeDefault' });
  assert.deepEqual(field('unconfined'), { type: 'Unconfined' });
  assert.deepEqual(field('localhost/k8s-nginx'), { type: 'Localhost', localhostProfile: 'k8s-nginx' });
  assert.deepEqual(field('localhost/a'), { type: 'Localhost', localhostProfile: 'a' });
  for (const unknown of ['localhost/', 'localhost/ a', 'localhost/a ', 'docker/default', ''])
    assert.equal(field(unknown), undefined, unknown);
});

test('but for one that is there, or is the pod’s', () => {
  const appArmorProfile = { type: 'Localhost', localhostProfile: 'own' };
  assert.deepEqual(created('unconfined', { appArmorProfile }).profile, appArmorProfile);
  assert.deepEqual(created('localhost/own', {}, { appArmorProfile }), { profile: undefined, warnings: 0 });
  assert.deepEqual(created('unconfined', {}, { appArmorProfile }).profile, { type: 'Unconfined' });
});

test('who uses the annotation is told of the field', () => {
  assert.equal(created('unconfined').warnings, 1);
  assert.equal(created('docker/default').warnings, 1);
});
