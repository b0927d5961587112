import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import { testContainer, testPod } from '../pods/testing/view.ts';
import { createEvictor, type EvictorOptions } from './evictor.ts';
import { calm } from './testing/machine.ts';

/** Pods by name, with the bytes that their container wrote and what it may write. */
function evictorOf(
  pods: Record<string, { bytes: number; limit?: string; priority?: number }>,
  changes: Partial<EvictorOptions> = {},
) {
  const evicted: string[] = [];
  const clock = manualClock(1_000_000);
  const stored = Object.entries(pods).map(([name, { limit, priority }]) => {
    const resources = limit === undefined ? {} : { limits: { 'ephemeral-storage': limit } };
    const pod = testPod({ priority, containers: [{ name: 'main', image: 'i', resources }] }, { name, uid: name });
    return {
      pod,
      containers: [{ ...testContainer(pod, 'main'), id: name }],
      volumes: undefined,
      ...{ logDirectory: '/none', hostsFile: '/none', messagesDirectory: '/none' },
    };
  });
  const evictor = createEvictor({
    pods: () => stored,
    runtime: { writableBytes: async (id) => pods[id]!.bytes },
    cgroups: { usage: async () => undefined },
    readPressure: () => calm,
    freeImages: async () => false,
    evict: (pod, message) => void evicted.push(`${pod.metadata.name}: ${message}`),
    ...{ clock, log: silentLog, ...changes },
  });
  return { evictor, evicted, clock };
}
const full = () => ({ ...calm, diskAvailableBytes: 0 });
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('on a full disk unused images go before any pod, then the pod that has most on it', async () => {
  const images = [true, false];
  const freeImages = async () => images.shift()!;
  const { evictor, evicted } = evictorOf(
    { little: { bytes: 1 }, much: { bytes: 2 } },
    { readPressure: full, freeImages },
  );
  evictor.start();
  assert.equal((await evictor.look()).disk, true);
  assert.deepEqual(evicted, []);
  await evictor.look();
  assert.deepEqual(evicted, ['much: The node was low on resource: ephemeral-storage.']);
  evictor.stop();
});

test('what a pod with a limit has on the disk can be asked for; of one without nobody reads it', async () => {
  const { evictor } = evictorOf({ bounded: { bytes: 3, limit: '1Mi' }, free: { bytes: 5 } });
  assert.equal(evictor.measured('bounded'), undefined);
  evictor.start();
  while (evictor.measured('bounded') === undefined) await settled();
  assert.deepEqual(['bounded', 'free'].map(evictor.measured), [{ bytes: 3, atMs: 1_000_000 }, undefined]);
  evictor.stop();
});

test('before it is started it turns pods away, and evicts none', async () => {
  const { evictor, evicted } = evictorOf({ one: { bytes: 1 } }, { readPressure: full });
  await evictor.look();
  assert.deepEqual(evicted, []);
  assert.match(evictor.refusal(testPod())!, /DiskPressure/);
});

test('who writes more than it may is evicted, at once or when it has', async () => {
  const pods = {
    first: { bytes: 2 ** 21, limit: '1Mi' },
    second: { bytes: 0, limit: '1Mi' },
    free: { bytes: 2 ** 30 },
  };
  const { evictor, evicted, clock } = evictorOf(pods);
  const names = () => evicted.map((text) => text.split(':')[0]);
  evictor.start();
  while (evicted.length < 1) await settled();
  assert.match(evicted[0]!, /^first: Pod ephemeral local storage usage exceeds/);
  pods.first.bytes = 0;
  pods.second.bytes = 2 ** 21;
  for (let turn = 0; evicted.length < 2 && turn < 1000; turn++) {
    clock.advance(10_000);
    await settled();
  }
  assert.deepEqual(names().slice(0, 2), ['first', 'second']);
  evictor.stop();
});

test('what cannot be read passes no limit, and keeps no node under pressure', async () => {
  const writableBytes = async () => Promise.reject(new Error('away'));
  const pods = { one: { bytes: 2 ** 21, limit: '1Mi' } };
  const { evictor, evicted } = evictorOf(pods, { runtime: { writableBytes }, readPressure: full });
  evictor.start();
  for (let turn = 0; turn < 100; turn++) await settled();
  assert.deepEqual(evicted, []);
  await evictor.look();
  assert.deepEqual(evicted, ['one: The node was low on resource: ephemeral-storage.']);
  evictor.stop();
});

test('critical pods stay, whatever they write', async () => {
  const { evictor, evicted } = evictorOf({ one: { bytes: 2 ** 21, limit: '1Mi', priority: 2_000_000_000 } });
  evictor.start();
  for (let turn = 0; turn < 100; turn++) await settled();
  assert.deepEqual(evicted, []);
  evictor.stop();
});
