import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connection } from './connection.ts';
import { createEntry } from './entry.ts';
import { createSandboxOf } from './sandbox-of.ts';

const streams = { stdin: false, stdout: true, stderr: true, tty: false };
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A connection on which execs end when the test says so, and which knows one container per pod. */
function connectionOf() {
  const running: (() => void)[] = [];
  const asked: string[] = [];
  const answers: Record<string, () => Promise<object>> = {
    ListContainers: async () => ({ containers: [{ id: 'main', podSandboxId: 'pod' }] }),
    ExecSync: () =>
      new Promise((resolve) => {
        running.push(() => resolve({ exitCode: 3, stdout: Buffer.from('a'.repeat(20_000)), stderr: Buffer.from('b') }));
      }),
    Exec: () => Promise.reject(new Error('refused')),
  };
  const call = (name: string) => {
    asked.push(name);
    return answers[name]!();
  };
  return { connection: { call } as unknown as Connection, running, asked };
}

test('eight commands run at once in a pod, the next waits for its turn, and output has a bound', async () => {
  const { connection, running, asked } = connectionOf();
  const { exec } = createEntry(connection, createSandboxOf(connection));
  const all = Array.from({ length: 9 }, () => exec('main', ['true'], 1000));
  await settled();
  assert.equal(running.length, 8);
  running[0]!();
  const { exitCode, output } = await all[0]!;
  assert.deepEqual([exitCode, output.length], [3, 16 * 1024]);
  await settled();
  assert.equal(running.length, 9);
  for (const end of running) end();
  await Promise.all(all);
  assert.ok(asked.filter((name) => name === 'ListContainers').length <= 9);
});

test('a session that could not be opened gives its place back', async () => {
  const { connection } = connectionOf();
  const { openExec } = createEntry(connection, createSandboxOf(connection));
  for (let time = 0; time < 20; time++) await assert.rejects(openExec('main', ['sh'], streams), /refused/);
});
