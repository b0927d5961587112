import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probeTargets } from './probed.ts';
import { exited, nowMs, testContainer, testPod, testView } from './testing/view.ts';

const image = 'i';
const pod = testPod({
  initContainers: [
    { name: 'init', image },
    { name: 'sidecar', image, restartPolicy: 'Always' },
  ],
  containers: [
    { name: 'main', image },
    { name: 'slow', image, startupProbe: {} },
  ],
});
const all = ['init', 'sidecar', 'main', 'slow'].map((name) => testContainer(pod, name));
const probed = (view: Parameters<typeof probeTargets>[0]) =>
  probeTargets(view).running.map(({ containerId, started }) => `${containerId} ${started}`);

test('what runs to its end is not probed; what has not passed its startup probe is not started', () => {
  assert.deepEqual(probed(testView(pod, all)), ['sidecar-0 true', 'main-0 true', 'slow-0 false']);
});

test('a container is probed once it runs and its hook has ended', () => {
  const [, sidecar, main, slow] = all as [unknown, ...typeof all];
  const ended = { ...slow!, ...exited(1) };
  assert.deepEqual(probed(testView(pod, [sidecar!, main!, ended])), ['sidecar-0 true', 'main-0 true']);
  assert.deepEqual(probed(testView(pod, [main!, sidecar!], { postStartPending: new Set(['main-0']) })), [
    'sidecar-0 true',
  ]);
  assert.deepEqual(probed(testView(pod, [main!, sidecar!], { busy: new Set(['start/sidecar']) })), ['main-0 true']);
});

test('a pod on the node’s network is probed at the node, and one that stops says so', () => {
  const stop = { graceSeconds: 1, sinceMs: nowMs, deleted: true };
  assert.deepEqual([probeTargets(testView(pod)).podIP, probeTargets(testView(pod)).stopping], ['10.244.0.2', false]);
  assert.equal(probeTargets(testView(testPod({ hostNetwork: true }))).podIP, '192.0.2.1');
  assert.equal(probeTargets(testView(pod, [], { sandboxes: [] })).podIP, '');
  assert.equal(probeTargets(testView(pod, [], { stop })).stopping, true);
});
