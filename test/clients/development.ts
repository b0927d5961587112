import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before } from 'node:test';

const root = join(import.meta.dirname, '../..');

/** Why this machine cannot run kubectl, for `skip`; false when it can. */
export const noKubectl =
  spawnSync('kubectl', ['version', '--client']).status === 0 ? false : 'kubectl is not installed';

export type Outcome = { code: number; out: string; err: string };

export type Development = {
  url: string;
  kubeconfig: string;
  pid: number;
  /** A folder of the test's own, removed with it. */
  folder: string;
  /** Runs the machine's kubectl to its end, whatever its exit code. */
  run(words: string[], input?: string, environment?: Record<string, string>): Promise<Outcome>;
  /** Runs it with the words of a line and returns what it printed; fails with everything it said otherwise. */
  kubectl(line: string, input?: string): Promise<string>;
  stop(): Promise<void>;
};

/** `rempart dev` as a process of its own: the control plane as it is, with three simulated nodes, without root. */
export async function startDevelopment(): Promise<Development> {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-clients-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const words = ['dev', '--port', '0', '--kubeconfig', kubeconfig];
  const child = spawn(join(root, 'bin/rempart'), words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await addressOf(child);
  const run: Development['run'] = (words, input, environment) => kubectlWith(folder, words, input, environment);
  return {
    ...{ url, kubeconfig, pid: child.pid!, folder, run },
    async kubectl(line, input) {
      const { code, out, err } = await run(line.split(' '), input);
      assert.equal(code, 0, `kubectl ${line}: ${err}${out}`);
      return out;
    },
    async stop() {
      const gone = once(child, 'exit');
      if (child.kill()) await gone;
      rmSync(folder, { recursive: true });
    },
  };
}

/** One development cluster for all tests of a file, which start in the open namespace `shop`. */
export function developmentInShop() {
  let cluster: Development;
  before(async () => {
    if (noKubectl) return;
    cluster = await startDevelopment();
    await cluster.kubectl('create -f -', openNamespace('shop'));
    await cluster.kubectl('config set-context --current --namespace=shop');
  });
  after(() => cluster?.stop());
  return {
    started: () => cluster,
    kubectl: (line: string, input?: string) => cluster.kubectl(line, input),
    /** What kubectl says to a line that must fail. */
    async refused(line: string, input?: string): Promise<string> {
      const { code, err } = await cluster.run(line.split(' '), input);
      assert.notEqual(code, 0, `kubectl ${line} was expected to fail`);
      return err;
    },
  };
}

async function addressOf(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const address = /API at (\S+),/.exec(line)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error('rempart dev ended before it listened');
}

function kubectlWith(folder: string, words: string[], input = '', environment: Record<string, string> = {}) {
  return new Promise<Outcome>((resolve) => {
    // A cache of its own: discovery of another server on the same port must not leak in.
    const all = ['--kubeconfig', join(folder, 'kubeconfig'), '--cache-dir', join(folder, 'cache'), ...words];
    const options = { timeout: 120_000, env: { ...process.env, ...environment } };
    const child = execFile('kubectl', all, options, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
    );
    child.stdin!.on('error', () => {});
    child.stdin!.end(input);
  });
}

/** What `rempart check` says of manifests that are piped into it. */
export function checked(manifests: string): Record<string, any> {
  const { status, stdout, stderr } = spawnSync(join(root, 'bin/rempart'), ['check', '-', '--format', 'json'], {
    input: manifests,
    encoding: 'utf8',
  });
  assert.ok(status === 0 || status === 2, stderr);
  return JSON.parse(stdout);
}

/** A namespace in which any pod may run. */
export const openNamespace = (name: string): string => `
apiVersion: v1
kind: Namespace
metadata: {name: ${name}, labels: {pod-security.kubernetes.io/enforce: privileged}}
`;
