import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kind, podWith } from './testing/pod.ts';
import { validateEphemeralContainersUpdate, validatePodUpdate } from './update.ts';

function update(change: (pod: any) => void, before: (pod: any) => void = () => {}) {
  const old = podWith(before) as any;
  const pod = structuredClone(old);
  change(pod);
  return validatePodUpdate(pod, old).map(({ field, message }) => `${field}: ${message}`);
}

test('of a running pod only images, deadlines and more tolerations may change', () => {
  assert.deepEqual(
    update((pod) => (pod.spec.containers[0].image = 'nginx:1.28')),
    [],
  );
  assert.deepEqual(
    update((pod) => (pod.spec.activeDeadlineSeconds = 10)),
    [],
  );
  assert.deepEqual(
    update((pod) => (pod.spec.tolerations = [{ key: 'a', operator: 'Exists' }])),
    [],
  );
  assert.deepEqual(
    update((pod) => (pod.metadata.labels = { a: 'b' })),
    [],
  );
  for (const change of [
    (pod: any) => (pod.spec.nodeName = 'n2'),
    (pod: any) => (pod.spec.containers[0].command = ['sh']),
    (pod: any) => (pod.spec.serviceAccountName = 'admin'),
    (pod: any) => (pod.spec.hostNetwork = true),
    (pod: any) => (pod.spec.containers[0].securityContext = { privileged: true }),
    (pod: any) => (pod.spec.volumes = []),
  ])
    assert.match(update(change)[0] ?? '', /^spec: Forbidden: pod updates may not change fields other than/);
  assert.match(update((pod) => pod.spec.containers.pop())[0] ?? '', /may not add or remove containers/);
});

test('a deadline may come closer and a toleration may not go', () => {
  const deadline = (pod: any) => (pod.spec.activeDeadlineSeconds = 10);
  assert.match(update((pod) => (pod.spec.activeDeadlineSeconds = 20), deadline)[0] ?? '', /less than or equal/);
  assert.deepEqual(
    update((pod) => (pod.spec.activeDeadlineSeconds = 5), deadline),
    [],
  );
  const tolerant = (pod: any) => (pod.spec.tolerations = [{ key: 'a', operator: 'Exists', effect: 'NoExecute' }]);
  assert.match(update((pod) => (pod.spec.tolerations = []), tolerant)[0] ?? '', /existing toleration/);
  assert.deepEqual(
    update((pod) => (pod.spec.tolerations[0].tolerationSeconds = 5), tolerant),
    [],
  );
});

test('scheduling gates may be taken away and never added', () => {
  const gated = (pod: any) => (pod.spec.schedulingGates = [{ name: 'example.com/wait' }]);
  assert.deepEqual(
    update((pod) => delete pod.spec.schedulingGates, gated),
    [],
  );
  assert.deepEqual(
    update((pod) => (pod.spec.nodeSelector = { zone: 'a' }), gated),
    [],
  );
  assert.match(update(gated)[0] ?? '', /only deletion is allowed/);
});

test('ephemeral containers are only added, and nothing else changes with them', () => {
  const old = podWith(() => {}) as any;
  const debugged = structuredClone(old);
  debugged.spec.ephemeralContainers = [{ name: 'debug', image: 'busybox', targetContainerName: 'app' }];
  kind.defaults(debugged);
  delete debugged.spec.ephemeralContainers[0].resources;
  assert.deepEqual([...validateEphemeralContainersUpdate(debugged, old)], []);
  assert.match(validateEphemeralContainersUpdate(old, debugged)[0]?.message ?? '', /may not be removed/);
  const changed = structuredClone(debugged);
  changed.spec.hostNetwork = true;
  assert.ok(validateEphemeralContainersUpdate(changed, debugged).some(({ field }) => field === 'spec'));
});
