import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ApiError } from '../../api/status.ts';
import { manualClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import { createEnding } from './ending.ts';
import { logDirectoryOf } from './sandbox-config.ts';
import { testContainer, testPod, testSandbox } from './testing/view.ts';
import type { PodWorker } from './worker.ts';

const pod = testPod();
const worker = (deleted = true) => {
  const memory = { pod, stop: { graceSeconds: 0, sinceMs: 0, deleted } };
  return { memory, dispose() {} } as unknown as PodWorker;
};
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

/** What is done, in order; `answer` is what the API says to the deletion. */
function start(t: TestContext, { answer = async () => {}, inApi = true, flushed = Promise.resolve() } = {}) {
  const logsDirectory = mkdtempSync(join(tmpdir(), 'rempart-ending-'));
  t.after(() => rmSync(logsDirectory, { recursive: true, force: true }));
  const logs = logDirectoryOf(logsDirectory, pod);
  mkdirSync(logs);
  const done: string[] = [];
  const clock = manualClock();
  const context = {
    statuses: { flushed: () => flushed, isInApi: () => inApi, latest: () => pod },
    client: {
      async delete(_: string, { name }: { name: string }) {
        done.push(`delete ${name}`);
        await answer();
      },
    },
    runtime: {
      removeContainer: async (id: string) => void done.push(`remove ${id}`),
      removePod: async (id: string) => void done.push(`remove ${id}`),
    },
    observed: { ofPod: () => [testSandbox([testContainer(pod, 'main')])], refresh: async () => {} },
    ...{ clock, log: silentLog, logsDirectory },
  };
  const finish = createEnding(context as never, () => void done.push('gone'));
  const whenDone = async (count: number) => {
    while (done.length < count) await settled();
    assert.ok(!existsSync(logs));
  };
  return { done, finish, clock, logs, whenDone };
}
const all = ['delete web', 'remove main-0', 'remove sandbox-0', 'gone'];

test('a pod that is to go leaves the API, then its records and logs go, and only then it is gone, once', async (t) => {
  const { done, finish, whenDone } = start(t);
  for (let times = 0; times < 3; times++) finish(worker());
  await whenDone(4);
  assert.deepEqual(done, all);
});

test('a pod that has ended and is not deleted stays', async (t) => {
  const { done, finish, logs } = start(t);
  finish(worker(false));
  await settled();
  assert.deepEqual(done, []);
  assert.ok(existsSync(logs));
});

test('what the API does not have, or no longer, is not waited for', async (t) => {
  const never = start(t, { inApi: false });
  never.finish(worker());
  await never.whenDone(3);
  assert.deepEqual(never.done, all.slice(1));
  for (const reason of ['NotFound', 'Conflict'] as const) {
    const gone = start(t, { answer: () => Promise.reject(new ApiError(reason, 'another')) });
    gone.finish(worker());
    await gone.whenDone(4);
    assert.deepEqual(gone.done, all);
  }
});

test('while the API is away the pod is kept, and asked for again', async (t) => {
  let isAway = true;
  const answer = () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve());
  const { done, finish, clock, whenDone } = start(t, { answer });
  finish(worker());
  while (done.length < 1) await settled();
  await settled();
  assert.deepEqual(done, ['delete web']);
  isAway = false;
  clock.advance(2000);
  await whenDone(5);
  assert.deepEqual(done, ['delete web', ...all]);
});

test('a last status that cannot be written keeps no pod for longer than five seconds', async (t) => {
  const { done, finish, clock, whenDone } = start(t, { flushed: new Promise(() => {}) });
  finish(worker());
  await settled();
  assert.deepEqual(done, []);
  clock.advance(5000);
  await whenDone(4);
  assert.deepEqual(done, all);
});
