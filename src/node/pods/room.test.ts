import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node, Pod } from '../../api/schema/types.d.ts';
import { manualClock } from '../../foundation/clock.ts';
import type { StopOrder } from './memory.ts';
import { createRoom } from './room.ts';
import { testPod, testSandbox } from './testing/view.ts';
import type { PodWorker } from './worker.ts';

const node = { metadata: { name: 'node-1' }, status: { allocatable: { cpu: '2', pods: '9' } } } as unknown as Node;

const podOf = (uid: string, cpu: string, more: object = {}, status: object = {}): Pod => ({
  ...testPod({ containers: [{ name: 'main', resources: { requests: { cpu } } }], ...more }, { uid, name: uid }),
  status,
});

/** A worker that only remembers: the rest is tested with real ones. */
function workerOf(pod: Pod): PodWorker {
  const worker = {
    memory: { pod, stop: undefined, pendingResize: undefined, volumes: undefined } as unknown as PodWorker['memory'],
    update: (next: Pod) => void Object.assign(worker.memory, { pod: next }),
    stop: (order: StopOrder) => void Object.assign(worker.memory, { stop: order }),
  };
  return worker as unknown as PodWorker;
}

function roomOf(workers: PodWorker[], { pressed, ran = [] }: { pressed?: string; ran?: string[] } = {}) {
  const events: string[] = [];
  const wanted = new Map<string, Pod>();
  const context = {
    record: (pod: Pod, _: string, reason: string) => void events.push(`${pod.metadata.name} ${reason}`),
    observed: { ofPod: (uid: string) => (ran.includes(uid) ? [testSandbox([])] : []) },
    ...{ records: { update() {} }, clock: manualClock(5) },
  };
  const options = { workers: () => workers, node: () => node, pressure: () => pressed };
  const room = createRoom(context as never, { ...options, wanted: (uid) => wanted.get(uid) });
  return { room, events, wanted };
}

test('a new pod that does not fit beside the others ends with the reason', () => {
  const [first, second] = [workerOf(podOf('first', '1500m')), workerOf(podOf('second', '1'))];
  const { room, events } = roomOf([first, second]);
  room.admit(second);
  assert.equal(second.memory.stop?.reason, 'OutOfcpu');
  assert.match(second.memory.stop?.message ?? '', /^Pod was rejected: Node didn't have enough resource: cpu/);
  assert.deepEqual(events, ['second OutOfcpu']);
});

test('who has ended or goes, and who is refused itself, takes no room', () => {
  const ended = workerOf(podOf('ended', '2', {}, { phase: 'Succeeded' }));
  const refused = workerOf(podOf('refused', '2'));
  refused.stop({ graceSeconds: 0, sinceMs: 0, deleted: false, phase: 'Failed' });
  const going = workerOf(podOf('going', '2'));
  Object.assign(going.memory, { released: true });
  const fresh = workerOf(podOf('fresh', '2'));
  roomOf([ended, refused, going, fresh]).room.admit(fresh);
  assert.equal(fresh.memory.stop, undefined);
});

test('a pod that ran before keeps its place; under pressure a new one is turned away', () => {
  const kept = workerOf(podOf('kept', '9'));
  const turned = workerOf(podOf('turned', '1'));
  const { room, events } = roomOf([kept, turned], { pressed: 'no memory', ran: ['kept'] });
  room.admit(kept);
  room.admit(turned);
  assert.equal(kept.memory.stop, undefined);
  assert.equal(turned.memory.stop?.reason, 'Evicted');
  assert.deepEqual(events, ['turned Evicted']);
});

test('a resize waits for room, says so once, and the most important one gets it first', () => {
  const big = workerOf(podOf('big', '1'));
  const [low, high] = [workerOf(podOf('low', '400m')), workerOf(podOf('high', '400m', { priority: 9 }))];
  const workers = [big, low, high];
  const { room, events, wanted } = roomOf(workers);
  const wants = (worker: PodWorker, cpu: string, more: object = {}) => {
    const pod = podOf(worker.memory.pod.metadata.uid!, cpu, more);
    wanted.set(pod.metadata.uid!, pod);
    return pod;
  };
  for (let times = 0; times < 2; times++) {
    room.resize(wants(low, '1500m'), low);
    room.resize(wants(high, '1500m', { priority: 9 }), high);
  }
  assert.deepEqual(events, ['low ResizeDeferred', 'high ResizeDeferred']);
  assert.equal(high.memory.pod.spec!.containers[0]!.resources!.requests!['cpu'], '400m');
  workers.shift();
  room.retryResizes();
  assert.equal(high.memory.pendingResize, undefined);
  assert.equal(high.memory.pod.spec!.containers[0]!.resources!.requests!['cpu'], '1500m');
  assert.equal(low.memory.pendingResize?.reason, 'Deferred');
});
