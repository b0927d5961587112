import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { mustRun, runCommand } from '../command.ts';

const inside = 'REMPART_TEST_NETWORK';
const cniPaths = ['/usr/lib/cni', '/opt/cni/bin'];

/** Why packets cannot be tested here; undefined when they can. */
function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root, for network namespaces';
  for (const program of ['nft', 'ip', 'unshare', 'conntrack'])
    if (spawnSync(program, ['--version']).error !== undefined) return `${program} is not installed`;
  if (!cniPaths.some((path) => existsSync(join(path, 'ptp')))) return 'the CNI plugin ptp is not installed';
  return undefined;
}

/** A test that hangs is ended and fails. */
const runMsMax = 120_000;

/** Are we in the private network of `runInPrivateNetwork`? */
const isPrivate = process.env[inside] !== undefined;

/**
 * Runs a test file once more with a network and mounts of its own: whatever it does to interfaces, routes and nftables
 * is gone with it, also when it crashes.
 */
async function runInPrivateNetwork(file: string): Promise<{ code: number; output: string }> {
  const node = [process.execPath, ...process.execArgv.filter((arg) => !arg.startsWith('--test')), file];
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'NODE_TEST_CONTEXT'));
  const child = spawn('unshare', ['--net', '--mount', '--propagation', 'private', '--', ...node], {
    env: { ...environment, [inside]: '1' },
  });
  let output = '';
  const timer = setTimeout(() => child.kill('SIGKILL'), runMsMax);
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const code = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  clearTimeout(timer);
  return { code, output };
}

/** The tests of a file that move real packets, as one test: `tests` is called where they are free to. */
export function inPrivateNetwork(title: string, file: string, tests: () => void): void {
  if (isPrivate) tests();
  else
    test(title, { skip: missing() }, async () => {
      const { code, output } = await runInPrivateNetwork(file);
      assert.equal(code, 0, output);
    });
}

/** Names of network namespaces are files: they are kept in a file system that ends with the test. */
export async function hideNamespaces(): Promise<void> {
  mkdirSync('/run/netns', { recursive: true });
  await mustRun(runCommand, 'mount', ['-t', 'tmpfs', 'tmpfs', '/run/netns']);
}

type Ask = (
  protocol: 'tcp' | 'udp',
  address: string,
  port: number,
  options?: { text?: string; from?: string; localPort?: number; timeoutMs?: number },
) => Promise<string>;

/** A pod of the test: a network namespace with a process in it. */
export type TestPod = {
  name: string;
  ip: string;
  listen(protocol: 'tcp' | 'udp', port: number, address?: string): Promise<void>;
  /** What the far end answered, or why it did not: `timeout`, `silence` after it connected, `ECONNREFUSED`, … */
  ask: Ask;
  /** Sends `text` 20,000 times over UDP, as fast as it goes. */
  flood(address: string, port: number, text: string): Promise<string>;
  /** As `ask`, where silence is expected. */
  probe: Ask;
  /** Opens a TCP connection that stays, and later asks on it. */
  open(address: string, port: number): Promise<string>;
  say(address: string, port: number): Promise<string>;
  end(): Promise<void>;
};

/** How long an answer may take on a busy machine, and how long silence must last to be believed. */
const answerMs = 5000;
const silenceMs = 500;

/** A namespace that is wired by `wire`, with a process in it that does what the test asks. */
export async function startPod(name: string, wire: (netns: string) => Promise<string>): Promise<TestPod> {
  await mustRun(runCommand, 'ip', ['netns', 'add', name]);
  await mustRun(runCommand, 'ip', ['-n', name, 'link', 'set', 'lo', 'up']);
  const ip = await wire(`/run/netns/${name}`);
  const started = startProcess(name, ip, ['ip', 'netns', 'exec', name]);
  return {
    ...started,
    async end() {
      await started.end();
      await mustRun(runCommand, 'ip', ['netns', 'delete', name]);
    },
  };
}

/** A process that does what the test asks, in the network that `enter` leads to; by default the node's own. */
export function startProcess(name: string, ip: string, enter: string[] = []): TestPod {
  const command = [...enter, process.execPath, join(import.meta.dirname, 'pod-process.ts'), name];
  const [file = '', ...args] = command;
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const call = caller(child);
  return {
    name,
    ip,
    async listen(protocol, port, address = '0.0.0.0') {
      const answer = await call({ op: 'listen', protocol, port, address });
      if (answer !== 'listening') throw new Error(answer);
    },
    ask: (protocol, address, port, options = {}) =>
      call({ op: 'ask', protocol, address, port, timeoutMs: answerMs, ...options }),
    flood: (address, port, text) => call({ op: 'flood', protocol: 'udp', address, port, text, timeoutMs: answerMs }),
    probe: (protocol, address, port, options = {}) =>
      call({ op: 'ask', protocol, address, port, timeoutMs: silenceMs, ...options }),
    open: (address, port) => call({ op: 'open', address, port, timeoutMs: answerMs }),
    say: (address, port) => call({ op: 'say', address, port, timeoutMs: silenceMs }),
    async end() {
      child.kill('SIGKILL');
    },
  };
}

function caller(child: ChildProcess): (request: object) => Promise<string> {
  const waiting = new Map<number, (answer: string) => void>();
  let lastId = 0;
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const { id, answer } = JSON.parse(line);
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  return (request) => {
    const id = ++lastId;
    child.stdin!.write(`${JSON.stringify({ id, ...request })}\n`);
    return new Promise((resolve) => waiting.set(id, resolve));
  };
}

/** What containerd does with a CNI configuration list: runs each plugin's ADD. Resolves to the pod's address. */
export async function addByCni(conflist: string, netns: string, containerId: string): Promise<string> {
  const { cniVersion, name, plugins } = JSON.parse(conflist);
  const directory = cniPaths.find((path) => existsSync(join(path, 'ptp')))!;
  const environment = {
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: containerId,
    CNI_NETNS: netns,
    CNI_IFNAME: 'eth0',
    CNI_PATH: directory,
  };
  const args = Object.entries(environment).map(([key, value]) => `${key}=${value}`);
  const config = JSON.stringify({ cniVersion, name, ...plugins[0] });
  const result = JSON.parse(await mustRun(runCommand, 'env', [...args, join(directory, plugins[0].type)], config));
  return result.ips[0].address.split('/')[0];
}
