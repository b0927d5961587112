import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Pod } from '../../api/schema/types.d.ts';
import { manualClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import { startStaticPods } from './static.ts';
import { testPod } from './testing/view.ts';

/** Pods that end when `end` says so, and a directory that is read when the clock says so. */
async function start(t: TestContext, present?: Pod) {
  const directory = mkdtempSync(join(tmpdir(), 'rempart-static-'));
  const clock = manualClock();
  const running = new Map<string, { pod: Pod; stop?: { deleted: boolean } }>();
  const begun: string[] = [];
  const told: string[] = [];
  const pods = {
    list: () => [...running.values()].map(({ pod }) => pod),
    get: (uid: string) => (running.has(uid) ? { memory: running.get(uid) } : undefined),
    setStatic(pod: Pod) {
      begun.push(pod.metadata.labels!['version']!);
      running.set(pod.metadata.uid!, { pod });
    },
    removeStatic: (uid: string) => Object.assign(running.get(uid) ?? {}, { stop: { deleted: true } }),
    mirrored() {},
  };
  const file = join(directory, 'web.json');
  const write = (version: string) =>
    writeFileSync(
      file,
      JSON.stringify({
        ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', labels: { version } } },
        spec: { containers: [{ name: 'web', image: 'web:1' }] },
      }),
    );
  write('one');
  const client = {
    get: async () => present,
    delete: async (_: string, { name }: { name: string }) => void told.push(`delete ${name}`),
    create: async (_: string, { metadata }: Pod) => void told.push(`create ${metadata.name}`),
  };
  const options = { directory, nodeName: 'node', nodeUid: () => 'uid', client, clock, log: silentLog };
  const stop = await startStaticPods({ ...options, pods } as never);
  t.after(() => {
    stop();
    rmSync(directory, { recursive: true });
  });
  const aSecond = async () => {
    clock.advance(1000);
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return {
    ...{ begun, told, directory, file, write },
    end: () => {
      for (const [uid, { stop }] of running) if (stop) running.delete(uid);
    },
    stopping: () => [...running.values()].filter(({ stop }) => stop).length,
    async until(holds: () => boolean) {
      for (let second = 0; second < 200 && !holds(); second++) await aSecond();
      assert.ok(holds());
    },
    async pass(seconds: number) {
      for (let second = 0; second < seconds; second++) await aSecond();
    },
  };
}

test('a file that is taken away and put back while its pod still ends brings the pod back', async (t) => {
  const { begun, file, write, end, stopping, until, pass } = await start(t);
  assert.deepEqual(begun, ['one']);
  rmSync(file);
  await until(() => stopping() === 1);
  write('one');
  await pass(5);
  assert.deepEqual(begun, ['one']);
  end();
  await until(() => begun.length === 2);
  await pass(5);
  assert.deepEqual(begun, ['one', 'one']);
});

test('a pod whose file has changed begins when the one before has ended', async (t) => {
  const { begun, write, end, stopping, until, pass } = await start(t);
  write('two');
  await until(() => stopping() === 1);
  await pass(5);
  assert.deepEqual(begun, ['one']);
  end();
  await until(() => begun.length === 2);
  assert.deepEqual(begun, ['one', 'two']);
});

test('a mirror of an older file is replaced; a pod of somebody’s that has its name stays', async (t) => {
  const shown = (annotations: object) => testPod({}, { name: 'web-node', annotations });
  const older = await start(t, shown({ 'kubernetes.io/config.mirror': 'older' }));
  assert.deepEqual(older.told, ['delete web-node', 'create web-node']);
  const others = await start(t, shown({}));
  assert.deepEqual(others.told, []);
  assert.deepEqual(others.begun, ['one']);
});

test('of two files with a pod of the same name the first one counts, so that they do not take turns', async (t) => {
  const { begun, told, directory, file, pass } = await start(t);
  const other = readFileSync(file, 'utf8').replace('one', 'two');
  writeFileSync(join(directory, 'web2.json'), other);
  await pass(130);
  assert.deepEqual(begun, ['one']);
  assert.ok(told.every((what) => what === 'create web-node'));
});

test('a file that comes before one with a pod of its name takes its place, when that one has ended', async (t) => {
  const { begun, told, directory, file, end, stopping, until, pass } = await start(t);
  writeFileSync(join(directory, 'a.json'), readFileSync(file, 'utf8').replace('one', 'two'));
  await until(() => stopping() === 1);
  await pass(130);
  assert.deepEqual(begun, ['one']);
  end();
  await until(() => begun.length === 2);
  await pass(130);
  assert.deepEqual(begun, ['one', 'two']);
  assert.ok(told.every((what) => what === 'create web-node'));
});
