import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import type { Sandbox } from '../runtimes/runtime.ts';
import { createObserved, hasHad } from './observed.ts';
import { exited, testContainer, testPod, testSandbox } from './testing/view.ts';

const pod = testPod();
const running = testSandbox([testContainer(pod, 'main')]);
const ended = testSandbox([testContainer(pod, 'main', exited(137))]);

/** A runtime whose answers come when the test gives them: lists of everything, and of one sandbox. */
function start() {
  const lists: ((sandboxes: Sandbox[]) => void)[] = [];
  const reads: typeof lists = [];
  const listPods = (id?: string) => new Promise<Sandbox[]>((resolve) => (id ? reads : lists).push(resolve));
  const changes: string[] = [];
  const observed = createObserved({
    ...{ clock: manualClock(), log: silentLog, onChange: (uid: string) => changes.push(uid) },
    runtime: { listPods, watch: () => () => {} } as never,
  });
  return { lists, reads, changes, observed, state: () => observed.ofPod(running.uid)[0]?.containers[0]?.state };
}

test('a list that began before a change does not take back what was read since', async () => {
  const { lists, reads, changes, observed, state } = start();
  const listed = observed.relist();
  const read = observed.refresh(running.id);
  reads[0]!([ended]);
  await read;
  lists[0]!([running]);
  await listed;
  assert.equal(state(), 'exited');
  assert.equal(changes.length, 1);
});

test('nor does it bring back a sandbox that has gone since', async () => {
  const { lists, reads, observed, state } = start();
  const first = observed.relist();
  lists[0]!([running]);
  await first;
  const listed = observed.relist();
  const read = observed.refresh(running.id);
  reads[0]!([]);
  await read;
  lists[1]!([running]);
  await listed;
  assert.equal(state(), undefined);
});

test('what a list no longer has is read once more, and told when it has gone', async () => {
  const { lists, reads, changes, observed } = start();
  const first = observed.relist();
  lists[0]!([running]);
  await first;
  const second = observed.relist();
  lists[1]!([]);
  while (reads.length === 0) await new Promise((resolve) => setImmediate(resolve));
  reads[0]!([]);
  await second;
  assert.deepEqual(observed.uids(), []);
  assert.deepEqual(changes, [running.uid, running.uid]);
});

test('a pod has had an image when a container of it is or was made from it, by whichever name the runtime gives', () => {
  const image = { id: 'sha256:1', digests: ['registry.io/a@sha256:2'] };
  const of = (imageId: string) => [testSandbox([testContainer(pod, 'main', exited(0, { imageId }))])];
  const answers = ['sha256:1', 'registry.io/a@sha256:2', 'sha256:3', ''].map((imageId) => hasHad(of(imageId), image));
  assert.deepEqual(answers, [true, true, false, false]);
});
