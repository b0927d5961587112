import assert from 'node:assert/strict';
import { type ExecFileException, execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { markAsOwn, removeAbandoned } from '../../src/node/runtimes/testing/abandoned.ts';
import { testImage } from '../../src/node/runtimes/testing/busybox.ts';

export const root = join(import.meta.dirname, '../..');

/** Why this machine cannot run real containers; false when it can. What `node:test` takes as `skip`. */
export const cannotRunContainers: string | false =
  process.platform !== 'linux' ? 'needs Linux' : process.getuid?.() !== 0 ? 'needs root' : false;

export type Outcome = { code: number; stdout: string; stderr: string };
export type RunOptions = { input?: string; timeoutMs?: number; env?: Record<string, string> };

/** Runs a program to its end; never rejects for an exit code. */
export function run(
  file: string,
  words: string[],
  { input, timeoutMs = 120_000, env }: RunOptions = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { timeout: timeoutMs, maxBuffer: 64 * 2 ** 20, env: { ...process.env, ...env } };
    const child = execFile(file, words, options, (error, stdout, stderr) => {
      const code = error ? Number((error as ExecFileException).code ?? 1) : 0;
      resolve({
        code: Number.isNaN(code) ? 1 : code,
        stdout,
        stderr: error?.killed ? `${stderr}\n(killed: timeout)` : stderr,
      });
    });
    child.stdin!.on('error', () => {});
    child.stdin!.end(input ?? '');
  });
}

export type TestCluster = {
  dataDirectory: string;
  kubeconfig: string;
  runDirectory: string;
  /** Part of the names of interfaces, tables and cgroups. */
  id: string;
  /** Flags that keep it apart from other clusters on this machine. */
  apart: string[];
  up(...flags: string[]): Promise<Outcome>;
  /** The same with the image of the tests on its node; throws with everything that was printed when it fails. */
  upWithImage(...flags: string[]): Promise<void>;
  /** With the example application on it; fails with everything that was printed. */
  demo(): Promise<void>;
  rempart(...words: string[]): Promise<Outcome>;
  /** The machine's kubectl; throws with everything it printed when it fails. */
  kubectl(words: string, options?: RunOptions): Promise<string>;
  /** The same, for failures that are expected. */
  tryKubectl(words: string[], options?: RunOptions): Promise<Outcome>;
  remove(): Promise<void>;
};

const folderPrefix = join(tmpdir(), 'rempart-test-');
const runCommand = (dataDirectory: string, words: string[]) =>
  run(join(root, 'bin/rempart'), [...words, '--data-dir', dataDirectory]);

/** A cluster that a killed run left still has its ports, addresses and containers. */
async function removeAbandonedCluster(dataDirectory: string): Promise<void> {
  const { code, stderr } = await runCommand(dataDirectory, ['down', '--purge']);
  assert.equal(code, 0, `the cluster of a killed run in ${dataDirectory} cannot be removed: ${stderr}`);
  rmSync(dataDirectory, { recursive: true, force: true });
}

async function beginWith(dataDirectory: string): Promise<void> {
  markAsOwn(dataDirectory);
  await removeAbandoned(folderPrefix, removeAbandonedCluster);
}

/** A directory and ports of its own for one cluster; nothing is started. */
export function testCluster(index: number): TestCluster {
  const dataDirectory = mkdtempSync(folderPrefix);
  chmodSync(dataDirectory, 0o755);
  const kubeconfig = join(dataDirectory, 'test.kubeconfig');
  const id = createHash('sha256').update(dataDirectory).digest('hex').slice(0, 6);
  let begun: Promise<void> | undefined;
  const rempart = async (...words: string[]) => {
    begun ??= beginWith(dataDirectory);
    await begun;
    return runCommand(dataDirectory, words);
  };
  const apart = [
    '--port',
    `${17_000 + index * 10}`,
    '--pod-cidr',
    `10.${200 + index}.0.0/16`,
    '--service-cidr',
    `10.${220 + index}.0.0/16`,
  ];
  const tryKubectl = (words: string[], options: RunOptions = {}) =>
    run('kubectl', words, { ...options, env: { KUBECONFIG: kubeconfig, ...options.env } });
  const up = (...flags: string[]) => rempart('up', '--kubeconfig', kubeconfig, ...apart, ...flags);
  return {
    dataDirectory,
    kubeconfig,
    runDirectory: `/run/rempart-${id}`,
    id,
    apart,
    rempart,
    tryKubectl,
    up,
    async upWithImage(...flags) {
      const archive = join(dataDirectory, 'busybox.tar');
      const upped = await up(...flags);
      assert.equal(upped.code, 0, upped.stdout + upped.stderr);
      writeFileSync(archive, (await testImage()).tar);
      const imported = await rempart('images', 'import', archive);
      assert.equal(imported.code, 0, imported.stderr);
    },
    async demo() {
      const { code, stdout, stderr } = await rempart('demo', '--kubeconfig', kubeconfig, ...apart);
      assert.equal(code, 0, stdout + stderr);
    },
    async kubectl(words, options) {
      const outcome = await tryKubectl(words.split(' '), options);
      if (outcome.code !== 0)
        throw new Error(`kubectl ${words} ended with ${outcome.code}:\n${outcome.stdout}${outcome.stderr}`);
      return outcome.stdout;
    },
    async remove() {
      await rempart('down', '--purge');
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}

/** Asks until the answer is yes, for at most `timeoutMs`; throws with the last answer otherwise. */
export async function eventually<T>(what: string, ask: () => Promise<T | false>, timeoutMs = 60_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown = 'no';
  while (performance.now() < deadline) {
    try {
      const answer = await ask();
      if (answer !== false) return answer;
    } catch (error) {
      last = (error as Error).message;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what}: not within ${timeoutMs / 1000} s; last answer: ${last}`);
}
