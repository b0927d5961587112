import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../../test/property.ts';
import type { Container } from '../runtimes/runtime.ts';
import { decide } from './decide.ts';
import type { Action } from './decision.ts';
import type { StopOrder } from './memory.ts';
import { specHash } from './outcome.ts';
import { carryOut, endContainer, killSandbox } from './testing/carry-out.ts';
import { exited, nowMs, testContainer, testPod, testSandbox, testView } from './testing/view.ts';
import type { PodView } from './view.ts';

/** One word per action: `start main 1`, `stop main 30`. */
const words = (view: PodView): string[] => decide(view).actions.map(word);
function word(action: Action): string {
  if (action.do === 'start') return `start ${action.member.spec.name} ${action.attempt}`;
  if (action.do === 'stop') return `stop ${action.container.name} ${action.graceSeconds}`;
  if (action.do === 'resize') return `resize ${action.container.name}`;
  if (action.do === 'createSandbox') return `createSandbox ${action.attempt}`;
  if (action.do === 'remove') return `remove ${action.containerId}`;
  return action.do;
}

const stopOrder = (graceSeconds: number, more: Partial<StopOrder> = {}): StopOrder => ({
  graceSeconds,
  sinceMs: nowMs,
  deleted: true,
  ...more,
});

const main = { name: 'main', image: 'web:1' };
const probe = { httpGet: { path: '/', port: 80 } };
const pods = {
  plain: testPod(),
  never: testPod({ restartPolicy: 'Never' }),
  onFailure: testPod({ restartPolicy: 'OnFailure' }),
  two: testPod({ containers: [main, { name: 'other', image: 'web:1' }] }),
  inits: testPod({
    initContainers: [
      { name: 'one', image: 'i' },
      { name: 'two', image: 'i' },
    ],
  }),
  sidecar: testPod({
    initContainers: [
      { name: 'side', image: 's', restartPolicy: 'Always', startupProbe: probe },
      { name: 'one', image: 'i' },
    ],
  }),
  sidecars: testPod({
    initContainers: [
      { name: 'first', image: 's', restartPolicy: 'Always' },
      { name: 'second', image: 's', restartPolicy: 'Always' },
    ],
  }),
  ephemeral: testPod({ ephemeralContainers: [{ name: 'debug', image: 'd' }] }),
};
const of = testContainer;

const resized = (resizePolicy: object[] = []) =>
  testPod({ containers: [{ ...main, resizePolicy, resources: { limits: { cpu: '200m' } } }] });
const given = (cpu: string): Partial<Container> => ({
  annotations: {
    'rempart.io/spec-hash': specHash(main as never),
    'rempart.io/resources': JSON.stringify({ requests: {}, limits: { cpu } }),
  },
});

const table: { name: string; view: PodView; actions: string[] }[] = [
  { name: 'volumes come first', view: testView(pods.plain, [], { prepared: false }), actions: ['prepare'] },
  { name: 'then the sandbox', view: testView(pods.plain, [], { sandboxes: [] }), actions: ['createSandbox 0'] },
  { name: 'then the container', view: testView(pods.plain), actions: ['start main 0'] },
  {
    name: 'a sandbox of an agent before is told to the network, and no container waits for that',
    view: testView(pods.plain, [], { networked: undefined }),
    actions: ['joinNetwork', 'start main 0'],
  },
  {
    name: 'also beside what runs, once at a time',
    view: testView(pods.plain, [of(pods.plain, 'main')], { networked: 'sandbox-1', busy: new Set(['network']) }),
    actions: [],
  },
  { name: 'containers start together', view: testView(pods.two), actions: ['start main 0', 'start other 0'] },
  {
    name: 'nothing twice',
    view: testView(pods.two, [], { busy: new Set(['start/main']) }),
    actions: ['start other 0'],
  },
  { name: 'nothing to do', view: testView(pods.plain, [of(pods.plain, 'main')]), actions: [] },
  {
    name: 'the first crash restarts at once',
    view: testView(pods.plain, [of(pods.plain, 'main', exited(1))]),
    actions: ['start main 1'],
  },
  {
    name: 'the second crash waits',
    view: testView(pods.plain, [of(pods.plain, 'main', exited(1, { attempt: 1 }))], {
      backoffs: new Map([['main', 10_000]]),
    }),
    actions: [],
  },
  {
    name: 'and then restarts',
    view: testView(pods.plain, [of(pods.plain, 'main', exited(1, { attempt: 1, finishedAtMs: nowMs - 10_000 }))], {
      backoffs: new Map([['main', 10_000]]),
    }),
    actions: ['start main 2'],
  },
  {
    name: 'ten minutes of running forgive',
    view: testView(pods.plain, [of(pods.plain, 'main', exited(1, { attempt: 9, startedAtMs: nowMs - 700_000 }))], {
      backoffs: new Map([['main', 300_000]]),
    }),
    actions: ['start main 10'],
  },
  {
    name: 'Never: a failure ends the pod',
    view: testView(pods.never, [of(pods.never, 'main', exited(1))]),
    actions: ['stopSandbox'],
  },
  {
    name: 'OnFailure: success ends it',
    view: testView(pods.onFailure, [of(pods.onFailure, 'main', exited(0))]),
    actions: ['stopSandbox'],
  },
  {
    name: 'OnFailure: failure restarts',
    view: testView(pods.onFailure, [of(pods.onFailure, 'main', exited(1))]),
    actions: ['start main 1'],
  },
  { name: 'inits: the first alone', view: testView(pods.inits), actions: ['start one 0'] },
  { name: 'inits: wait while it runs', view: testView(pods.inits, [of(pods.inits, 'one')]), actions: [] },
  {
    name: 'inits: then the second',
    view: testView(pods.inits, [of(pods.inits, 'one', exited(0))]),
    actions: ['start two 0'],
  },
  {
    name: 'inits: a failure restarts it',
    view: testView(pods.inits, [of(pods.inits, 'one', exited(1))]),
    actions: ['start one 1'],
  },
  {
    name: 'inits: then the main container',
    view: testView(pods.inits, [of(pods.inits, 'one', exited(0)), of(pods.inits, 'two', exited(0))]),
    actions: ['start main 0'],
  },
  {
    name: 'inits that were collected do not run again beside a main container',
    view: testView(pods.inits, [of(pods.inits, 'main')]),
    actions: [],
  },
  { name: 'sidecar: first', view: testView(pods.sidecar), actions: ['start side 0'] },
  {
    name: 'sidecar: others wait until it has started',
    view: testView(pods.sidecar, [of(pods.sidecar, 'side')]),
    actions: [],
  },
  {
    name: 'sidecar: started',
    view: testView(pods.sidecar, [of(pods.sidecar, 'side')], { probes: new Map([['side-0', { startup: true }]]) }),
    actions: ['start one 0'],
  },
  {
    name: 'sidecar: restarts beside a running main container, even with Never',
    view: testView(testPod({ ...pods.sidecars.spec, restartPolicy: 'Never' }), [
      of(pods.sidecars, 'first', exited(0)),
      of(pods.sidecars, 'second'),
      of(pods.sidecars, 'main'),
    ]),
    actions: ['start first 1'],
  },
  {
    name: 'liveness',
    view: testView(pods.plain, [of(pods.plain, 'main')], { probes: new Map([['main-0', { liveness: false }]]) }),
    actions: ['stop main 30'],
  },
  {
    name: 'a new image',
    view: testView(testPod({ containers: [{ name: 'main', image: 'web:2' }] }), [of(pods.plain, 'main')]),
    actions: ['stop main 30'],
  },
  {
    name: 'other resources are given in place',
    view: testView(resized(), [of(resized(), 'main', given('100m'))]),
    actions: ['resize main'],
  },
  {
    name: 'or by a restart where the policy says so',
    view: testView(resized([{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }]), [
      of(resized(), 'main', given('100m')),
    ]),
    actions: ['stop main 30'],
  },
  {
    name: 'the same resources are left alone',
    view: testView(resized(), [of(resized(), 'main', given('200m'))]),
    actions: [],
  },
  { name: 'ephemeral', view: testView(pods.ephemeral, [of(pods.ephemeral, 'main')]), actions: ['start debug 0'] },
  {
    name: 'ephemeral once',
    view: testView(pods.ephemeral, [of(pods.ephemeral, 'main'), of(pods.ephemeral, 'debug', exited(1))]),
    actions: [],
  },
  {
    name: 'what was created and never started is replaced',
    view: testView(pods.plain, [of(pods.plain, 'main', { state: 'created' })]),
    actions: ['remove main-0'],
  },
  {
    name: 'a dead sandbox: what runs in it stops',
    view: testView(pods.plain, [], { sandboxes: [testSandbox([of(pods.plain, 'main')], { ready: false })] }),
    actions: ['stop main 30'],
  },
  {
    name: 'a dead sandbox: a new one',
    view: testView(pods.plain, [], {
      sandboxes: [testSandbox([of(pods.plain, 'main', exited(137))], { ready: false })],
    }),
    actions: ['createSandbox 1'],
  },
  {
    name: 'deletion',
    view: testView(pods.plain, [of(pods.plain, 'main')], { stop: stopOrder(30) }),
    actions: ['stop main 30'],
  },
  {
    name: 'deletion under way',
    view: testView(pods.plain, [of(pods.plain, 'main')], {
      stop: stopOrder(30),
      stopping: new Map([['main-0', nowMs + 30_000]]),
    }),
    actions: [],
  },
  {
    name: 'a shorter deletion overtakes',
    view: testView(pods.plain, [of(pods.plain, 'main')], {
      stop: stopOrder(1),
      stopping: new Map([['main-0', nowMs + 30_000]]),
      busy: new Set(['stop/main-0']),
    }),
    actions: ['stop main 1'],
  },
  {
    name: 'sidecars stop after the main container',
    view: testView(
      pods.sidecars,
      [of(pods.sidecars, 'first'), of(pods.sidecars, 'second'), of(pods.sidecars, 'main')],
      { stop: stopOrder(5) },
    ),
    actions: ['stop main 5'],
  },
  {
    name: 'sidecars stop in reverse order',
    view: testView(
      pods.sidecars,
      [of(pods.sidecars, 'first'), of(pods.sidecars, 'second'), of(pods.sidecars, 'main', exited(0))],
      { stop: stopOrder(5) },
    ),
    actions: ['stop second 5'],
  },
  {
    name: 'deletion waits for a start under way',
    view: testView(pods.plain, [], { stop: stopOrder(5), busy: new Set(['start/main']) }),
    actions: [],
  },
  {
    name: 'but not for an image that is being pulled',
    view: testView(pods.plain, [], { stop: stopOrder(5), busy: new Set(['start/main']), pulling: new Set(['main']) }),
    actions: ['stopSandbox'],
  },
  { name: 'then the sandbox stops', view: testView(pods.plain, [], { stop: stopOrder(5) }), actions: ['stopSandbox'] },
  {
    name: 'then volumes are released',
    view: testView(pods.plain, [], {
      stop: stopOrder(5),
      sandboxes: [testSandbox([], { ready: false })],
      stoppedSandboxes: new Set(['sandbox-0']),
    }),
    actions: ['release'],
  },
  {
    name: 'a pod that the API saw end never starts again',
    view: testView(pods.plain, [], { sandboxes: [], remembered: { phase: 'Failed' } }),
    actions: ['release'],
  },
  {
    name: 'only two attempts are kept',
    view: testView(pods.plain, [
      of(pods.plain, 'main', { attempt: 3 }),
      of(pods.plain, 'main', exited(1, { attempt: 2 })),
      of(pods.plain, 'main', exited(1, { attempt: 1 })),
    ]),
    actions: ['remove main-1'],
  },
];

for (const { name, view, actions } of table) test(`decide: ${name}`, () => assert.deepEqual(words(view), actions));

test('decide: a back-off says when to look again', () => {
  const containers = [testContainer(pods.plain, 'main', exited(1, { attempt: 1 }))];
  const decision = decide(testView(pods.plain, containers, { backoffs: new Map([['main', 40_000]]) }));
  assert.equal(decision.wakeAtMs, nowMs + 40_000);
  assert.match(
    decision.waiting.get('main')!.message,
    /back-off 40s restarting failed container=main pod=web_shop\(uid-1\)/,
  );
});

test('decide: an agent that restarted keeps a crash loop at its pace', () => {
  const containers = [testContainer(pods.plain, 'main', exited(1, { attempt: 20 }))];
  assert.equal(decide(testView(pods.plain, containers)).wakeAtMs, nowMs + 300_000);
});

/** Carries actions out at once, and lets containers end at random: what any interleaving must keep. */
test('decide: any run of events keeps order, and a stopped pod always ends', () => {
  const pod = testPod({
    initContainers: [
      { name: 'side', image: 's', restartPolicy: 'Always' },
      { name: 'init', image: 'i' },
    ],
    containers: [main, { name: 'other', image: 'web:1' }],
  });
  const event = fc.oneof(
    // What the main containers wait for.
    fc.constant({ name: 'init', exitCode: 0 }),
    fc.record({ name: fc.constantFrom('side', 'init', 'main', 'other', 'sandbox'), exitCode: fc.nat(2) }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      let view = testView(pod, [], { sandboxes: [], prepared: false });
      for (const { name, exitCode } of events) {
        view = settle(view);
        if (name === 'sandbox') view = killSandbox(view);
        else view = endContainer(view, name, exitCode);
      }
      view = settle({ ...view, stop: stopOrder(3) });
      assert.equal(decide(view).ended, true);
    }),
    { numRuns: 200 },
  );
});

function settle(start: PodView): PodView {
  let view = start;
  for (let turn = 0; turn < 200; turn++) {
    view = { ...view, nowMs: view.nowMs + 301_000 };
    const { actions } = decide(view);
    for (const action of actions) view = carryOut(view, action);
    checkOrder(view);
    if (actions.length === 0) return view;
  }
  throw new Error('the decisions never settle');
}

function checkOrder({ sandboxes }: PodView): void {
  const running = sandboxes.flatMap(({ containers }) => containers).filter(({ state }) => state === 'running');
  assert.equal(new Set(running.map(({ name }) => name)).size, running.length, 'a container runs twice');
  const current = sandboxes[0]?.containers ?? [];
  const hasMain = current.some(({ name }) => name === 'main' || name === 'other');
  if (hasMain)
    assert.ok(current.some(({ name, exitCode, state }) => name === 'init' && state === 'exited' && exitCode === 0));
}
