import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PersistentVolume } from '../api/schema/types.d.ts';
import { exited, testContainer, testPod, testSandbox } from './pods/testing/view.ts';
import type { PodWorker } from './pods/worker.ts';
import { createRunning } from './running.ts';

const volumes = [
  { name: 'data', persistentVolumeClaim: { claimName: 'orders' } },
  { name: 'cache', ephemeral: {} },
  { name: 'later', persistentVolumeClaim: { claimName: 'unmounted' } },
];
const pod = testPod({ volumes, containers: [{ name: 'main' }, { name: 'side' }] });
const mounted = new Map([
  ['data', { hostPath: '/volumes/pvc-1', readOnly: false }],
  ['cache', { hostPath: '/volumes/pvc-2', readOnly: false }],
]);

function runningOf({ stop, state = 'running' }: { stop?: object; state?: 'running' | 'exited' } = {}) {
  const main = state === 'running' ? testContainer(pod, 'main') : testContainer(pod, 'main', exited(1));
  const sandbox = testSandbox([main, testContainer(pod, 'side', exited(0))]);
  const worker = { memory: { pod, stop, volumes: mounted } } as unknown as PodWorker;
  const running = createRunning({
    pods: { list: () => [pod], get: () => worker },
    observed: { ofPod: () => [sandbox] },
    logsDirectory: '/logs',
    podsDirectory: '/pods',
  });
  return { running, sandbox };
}

test('of each pod it is the containers that run which count', async () => {
  const { running, sandbox } = runningOf();
  assert.deepEqual(running.pods(), [{ pod, containers: [sandbox.containers[0]] }]);
  assert.deepEqual(await running.containers(), [sandbox.containers[0]]);
  assert.deepEqual(running.sandboxes('shop', 'web'), [sandbox]);
  assert.deepEqual(running.sandboxes('other', 'web'), []);
});

test('whoever is stopped already, or of whom nothing runs, makes no room by going', () => {
  const [stored] = runningOf().running.stored();
  assert.equal(stored!.logDirectory, '/logs/shop_web_uid-1');
  assert.equal(stored!.hostsFile, '/pods/uid-1/etc-hosts');
  assert.equal(stored!.messagesDirectory, '/pods/uid-1/containers');
  assert.equal(stored!.volumes, mounted);
  assert.deepEqual(runningOf({ stop: {} }).running.stored(), []);
  assert.deepEqual(runningOf({ state: 'exited' }).running.stored(), []);
});

test('claims are known by their names, volumes by their paths', () => {
  const { running } = runningOf();
  assert.deepEqual(running.claims(), [
    { namespace: 'shop', claim: 'orders', path: '/volumes/pvc-1' },
    { namespace: 'shop', claim: 'web-cache', path: '/volumes/pvc-2' },
  ]);
  const volume = (path: string) => ({ spec: { hostPath: { path } } }) as PersistentVolume;
  for (const path of ['/volumes/pvc-1', '/volumes//pvc-1', '/volumes/x/../pvc-1'])
    assert.equal(running.mounts(volume(path)), true, path);
  assert.equal(running.mounts(volume('/volumes/pvc-3')), false);
});
