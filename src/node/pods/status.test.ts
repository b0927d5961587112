import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodStatus } from '../../api/schema/types.d.ts';
import { decide } from './decide.ts';
import { podStatus } from './status.ts';
import { exited, nowMs, testContainer, testPod, testSandbox, testView } from './testing/view.ts';
import type { PodView } from './view.ts';

const status = (view: PodView): PodStatus => podStatus(view, decide(view));
const conditionsOf = ({ conditions = [] }: PodStatus) =>
  Object.fromEntries(conditions.map(({ type, status }) => [type, status]));

const plain = testPod();
const never = testPod({ restartPolicy: 'Never' });
const two = testPod({
  containers: [
    { name: 'main', image: 'i' },
    { name: 'other', image: 'i' },
  ],
});
const inits = testPod({ initContainers: [{ name: 'init', image: 'i' }] });
const of = testContainer;
const stop = { graceSeconds: 5, sinceMs: nowMs, deleted: true };

const phases: [string, PodView, string][] = [
  ['nothing yet', testView(plain, [], { sandboxes: [] }), 'Pending'],
  ['one of two runs', testView(two, [of(two, 'main')]), 'Pending'],
  ['all run', testView(two, [of(two, 'main'), of(two, 'other')]), 'Running'],
  ['an init container runs', testView(inits, [of(inits, 'init')]), 'Pending'],
  ['one crashed and will come back', testView(plain, [of(plain, 'main', exited(1))]), 'Running'],
  ['ended well', testView(never, [of(never, 'main', exited(0))]), 'Succeeded'],
  ['ended badly', testView(never, [of(never, 'main', exited(1))]), 'Failed'],
  [
    'one of two ended',
    testView(testPod({ ...two.spec, restartPolicy: 'Never' }), [of(two, 'main', exited(1)), of(two, 'other')]),
    'Running',
  ],
  ['being deleted', testView(plain, [of(plain, 'main')], { stop }), 'Running'],
  ['deleted, and it ended well', testView(plain, [of(plain, 'main', exited(0))], { stop }), 'Succeeded'],
  ['deleted, and it was killed', testView(plain, [of(plain, 'main', exited(137))], { stop }), 'Failed'],
  ['deleted before it ran, being stopped', testView(plain, [], { stop }), 'Pending'],
  ['deleted before it ran', testView(plain, [], { stop, sandboxes: [], released: true }), 'Failed'],
  ['evicted, still running', testView(plain, [of(plain, 'main')], { stop: { ...stop, phase: 'Failed' } }), 'Running'],
  ['evicted', testView(plain, [of(plain, 'main', exited(0))], { stop: { ...stop, phase: 'Failed' } }), 'Failed'],
  [
    'ended before the runtime forgot it',
    testView(plain, [], { sandboxes: [], remembered: { phase: 'Succeeded' } }),
    'Succeeded',
  ],
];
for (const [name, view, phase] of phases) test(`phase: ${name}`, () => assert.equal(status(view).phase, phase));

test('a ready pod says so, with its addresses and the time that a condition changed', () => {
  const before = [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }] as never;
  const found = status(testView(plain, [of(plain, 'main')], { remembered: { conditions: before } }));
  assert.deepEqual(conditionsOf(found), {
    PodReadyToStartContainers: 'True',
    Initialized: 'True',
    Ready: 'True',
    ContainersReady: 'True',
    PodScheduled: 'True',
  });
  const time = (type: string) => found.conditions?.find((condition) => condition.type === type)?.lastTransitionTime;
  assert.equal(time('Ready'), '2026-01-01T00:00:00Z');
  assert.equal(time('Initialized'), '2026-01-31T08:00:00Z');
  assert.deepEqual([found.podIP, found.hostIP, found.qosClass], ['10.244.0.2', '192.0.2.1', 'BestEffort']);
  assert.equal(found.observedGeneration, 1);
});

test('readiness waits for the probe, for the startup probe, for the hook and for the gates', () => {
  const probe = { exec: { command: ['x'] } };
  const probed = testPod({
    containers: [{ name: 'main', image: 'web:1', readinessProbe: probe, startupProbe: probe }],
  });
  const ready = (changes: Partial<PodView>, pod = probed) =>
    conditionsOf(status(testView(pod, [of(pod, 'main')], changes)))['Ready'];
  const results = (result: object) => ({ probes: new Map([['main-0', result]]) });
  assert.equal(ready(results({})), 'False');
  assert.equal(ready(results({ readiness: true })), 'False');
  assert.equal(ready(results({ startup: true })), 'False');
  assert.equal(ready(results({ startup: true, readiness: true })), 'True');
  assert.equal(
    ready({ ...results({ startup: true, readiness: true }), postStartPending: new Set(['main-0']) }),
    'False',
  );
  const gated = testPod({ readinessGates: [{ conditionType: 'example.com/gate' }] });
  assert.equal(ready({}, gated), 'False');
  const conditions = [{ type: 'example.com/gate', status: 'True' }] as never;
  assert.equal(ready({ remembered: { conditions } }, gated), 'True');
  assert.equal(conditionsOf(status(testView(gated, [], { remembered: { conditions } })))['example.com/gate'], 'True');
});

test('until the probes of a new agent have answered, what the API last said of a container counts', () => {
  const probe = { exec: { command: ['x'] } };
  const pod = testPod({ containers: [{ name: 'main', image: 'web:1', readinessProbe: probe, startupProbe: probe }] });
  const known = (containerID: string) => ({
    containerStatuses: [
      { name: 'main', image: '', imageID: '', restartCount: 0, ready: true, started: true, containerID },
    ],
  });
  const ready = (changes: Partial<PodView>) =>
    status(testView(pod, [of(pod, 'main')], changes)).containerStatuses![0]!.ready;
  assert.equal(ready({ remembered: known('containerd://main-0') }), true);
  assert.equal(ready({ remembered: known('containerd://another') }), false);
  const probes = new Map([['main-0', { readiness: false }]]);
  assert.equal(ready({ remembered: known('containerd://main-0'), probes }), false);
});

test('a container waits with its reason and shows its last end', () => {
  const waiting = (view: PodView) => status(view).containerStatuses![0]!;
  assert.equal(waiting(testView(plain)).state?.waiting?.reason, 'ContainerCreating');
  assert.equal(waiting(testView(inits)).state?.waiting?.reason, 'PodInitializing');
  assert.equal(status(testView(inits)).initContainerStatuses![0]!.state?.waiting?.reason, 'PodInitializing');
  const problems = new Map([['main', { reason: 'ErrImagePull', message: 'no such image' }]]);
  assert.deepEqual(waiting(testView(plain, [], { problems })).state?.waiting, {
    reason: 'ErrImagePull',
    message: 'no such image',
  });
  const crashed = of(plain, 'main', exited(3, { attempt: 2, reason: 'Error' }));
  const found = waiting(
    testView(plain, [crashed], { backoffs: new Map([['main', 20_000]]), messages: new Map([['main-2', 'bye']]) }),
  );
  assert.equal(found.state?.waiting?.reason, 'CrashLoopBackOff');
  assert.equal(found.lastState?.terminated?.message, 'bye');
  assert.equal(found.restartCount, 2);
  assert.equal(found.lastState?.terminated?.finishedAt, '2026-01-31T08:00:00Z');
});

test('what the runtime forgot is told from what the API last knew', () => {
  const running = {
    name: 'main',
    image: 'i',
    imageID: 'x',
    ready: true,
    restartCount: 4,
    containerID: 'containerd://gone',
    state: { running: {} },
  };
  const view = (pod = plain) => testView(pod, [], { sandboxes: [], remembered: { containerStatuses: [running] } });
  const always = status(view()).containerStatuses![0]!;
  assert.equal(always.restartCount, 4);
  assert.equal(always.lastState?.terminated?.reason, 'ContainerStatusUnknown');
  const lost = status(view(never));
  assert.equal(lost.phase, 'Failed');
  assert.equal(lost.containerStatuses![0]!.state?.terminated?.exitCode, 137);
});

test('the same view gives the same status, and a dead sandbox takes its address away', () => {
  const view = testView(plain, [of(plain, 'main')]);
  assert.deepEqual(status(view), status(view));
  const dead = testView(plain, [], {
    sandboxes: [testSandbox([], { ready: false })],
    remembered: { podIPs: [{ ip: '10.244.0.9' }] },
  });
  assert.equal(status(dead).podIP, undefined);
});

test('mounts are told of every container, and that those below a read-only one are not', () => {
  const volumeMounts = [
    { name: 'a', mountPath: '/a', readOnly: true, recursiveReadOnly: 'IfPossible' },
    { name: 'b', mountPath: '/b' },
  ];
  const pod = testPod({
    containers: [
      { name: 'main', image: 'i', volumeMounts },
      { name: 'other', image: 'i' },
    ],
  });
  const [main, other] = status(testView(pod, [of(pod, 'main')])).containerStatuses!;
  assert.deepEqual(main!.volumeMounts, [
    { name: 'a', mountPath: '/a', readOnly: true, recursiveReadOnly: 'Disabled' },
    { name: 'b', mountPath: '/b' },
  ]);
  assert.equal(other!.volumeMounts, undefined);
});

test('resources are told of every container that exists, also of one that asks for none', () => {
  const resources = { limits: { cpu: '20m' }, requests: { cpu: '10m', 'example.com/gpu': '1' } };
  const pod = testPod({
    containers: [
      { name: 'main', image: 'i', resources },
      { name: 'other', image: 'i' },
      { name: 'later', image: 'i' },
    ],
  });
  const [asking, plain, later] = status(testView(pod, [of(pod, 'main'), of(pod, 'other')])).containerStatuses!;
  assert.deepEqual([asking!.resources, asking!.allocatedResources], [resources, resources.requests]);
  assert.deepEqual([plain!.resources, plain!.allocatedResources], [{}, undefined]);
  assert.equal(later!.resources, undefined);
});

test('a resize shows while it waits, while it is made, and not afterwards', () => {
  const pod = testPod({ containers: [{ name: 'main', image: 'i', resources: { requests: { cpu: '2' } } }] });
  const given = (cpu: string) => {
    const container = of(pod, 'main');
    container.annotations['rempart.io/resources'] = JSON.stringify({ requests: { cpu }, limits: {} });
    return container;
  };
  const pendingResize = { reason: 'Deferred', message: 'full' } as const;
  const waiting = status(testView(pod, [given('2')], { pendingResize }));
  assert.equal(waiting.conditions?.find(({ type }) => type === 'PodResizePending')?.reason, 'Deferred');
  const making = status(testView(pod, [given('1')], { remembered: waiting }));
  assert.equal(conditionsOf(making)['PodResizePending'], undefined);
  assert.equal(conditionsOf(making)['PodResizeInProgress'], 'True');
  const made = status(testView(pod, [given('2')], { remembered: making }));
  assert.equal(conditionsOf(made)['PodResizeInProgress'], undefined);
});
