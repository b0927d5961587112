import { type SpawnSyncOptions, spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { processStartTime } from '../foundation/process-id.ts';
import { type Configuration, layout } from './configuration.ts';
import { modeOf } from './protections.ts';

const here = dirname(fileURLToPath(import.meta.url));
/** The checkout or the installed package: all code that a process may read. */
export const packageRoot = realpathSync(join(here, '../..'));
const mainFile = existsSync(join(packageRoot, 'src/cli/main.ts')) ? 'src/cli/main.ts' : 'dist/cli/main.js';

export type ProcessName = 'server' | 'agent';

/** Starts a supervised process that outlives this one; does nothing when it already runs. */
export function startProcess(name: ProcessName, configuration: Configuration): void {
  if (runningSupervisor(name, configuration) !== undefined) return;
  const { processes, logs } = layout(configuration);
  mkdirSync(processes, { recursive: true, mode: 0o755 });
  mkdirSync(logs, { recursive: true, mode: 0o755 });
  const unprivileged = name === 'server' && modeOf('unprivileged-api-server', configuration.relaxed) !== 'off';
  const log = join(logs, `${name}.log`);
  const output = openSync(log, 'a', 0o640);
  if (unprivileged) chownSync(logs, 0, configuration.serverUid);
  if (unprivileged) chownSync(log, configuration.serverUid, configuration.serverUid);
  const identity = unprivileged ? { uid: configuration.serverUid, gid: configuration.serverUid } : {};
  const command = [process.execPath, ...nodeFlags(name, configuration), join(packageRoot, mainFile), name];
  const environment = { ...plainEnvironment, NODE_COMPILE_CACHE: cacheOf(name, configuration) };
  warm(name, configuration, command, { env: environment, ...identity });
  const child = spawn(join(here, 'supervise.sh'), [name, log, ...command, '--data-dir', configuration.dataDirectory], {
    detached: true,
    stdio: ['ignore', output, output],
    cwd: '/',
    env: environment,
    ...identity,
  });
  child.unref();
  writeFileSync(pidFile(name, configuration), `${child.pid} ${processStartTime(child.pid!)}\n`);
}

/** Nothing of the environment of who typed `up` belongs into a service. */
const plainEnvironment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };

const cacheOf = (name: ProcessName, configuration: Configuration) => join(layout(configuration)[name], 'code-cache');

/**
 * Compiles the program once before its first start. A process that strips types by itself keeps the 40 MB of what did
 * it, and starts later; one that finds them stripped in Node's compile cache does neither.
 */
function warm(name: ProcessName, configuration: Configuration, command: string[], options: SpawnSyncOptions): void {
  if (existsSync(cacheOf(name, configuration))) return;
  spawnSync(command[0]!, [...command.slice(1), '--data-dir', configuration.dataDirectory, '--warm'], {
    ...options,
    stdio: 'ignore',
  });
}

/** Small heaps that are given back: these processes are idle most of the time and share the machine with the work. */
function nodeFlags(name: ProcessName, configuration: Configuration): string[] {
  const flags = ['--disallow-code-generation-from-strings', '--no-warnings'];
  if (name === 'agent' || modeOf('unprivileged-api-server', configuration.relaxed) === 'off') return flags;
  const { server } = layout(configuration);
  return [
    ...flags,
    '--permission',
    '--allow-net',
    '--allow-worker',
    `--allow-fs-read=${packageRoot}`,
    `--allow-fs-read=${configuration.dataDirectory}`,
    `--allow-fs-write=${server}`,
  ];
}

const pidFile = (name: ProcessName, configuration: Configuration) =>
  join(layout(configuration).processes, `${name}.pid`);

/** The pid of the supervisor, if it is alive. */
export function runningSupervisor(name: ProcessName, configuration: Configuration): number | undefined {
  try {
    const [pid, started] = readFileSync(pidFile(name, configuration), 'utf8').trim().split(' ');
    return started !== undefined && processStartTime(Number(pid)) === started ? Number(pid) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Ends a process that lost its supervisor (killed, or the machine was short of memory): it holds the ports and the
 * store, and nobody would start it again.
 */
export async function endOrphan(name: ProcessName, configuration: Configuration): Promise<void> {
  const supervisor = runningSupervisor(name, configuration);
  const words = [join(packageRoot, mainFile), name, '--data-dir', configuration.dataDirectory].join('\0');
  for (const pid of readdirSync('/proc').map(Number)) {
    if (!pid || !readProcess(pid, 'cmdline').endsWith(`${words}\0`)) continue;
    const parent = Number(/^PPid:\s*(\d+)/m.exec(readProcess(pid, 'status'))?.[1]);
    if (parent === supervisor) continue;
    // A supervisor that no pid file names would start it again.
    await endProcess(readProcess(parent, 'cmdline').includes('supervise.sh\0') ? parent : pid);
  }
}

function readProcess(pid: number, file: 'cmdline' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // it ended meanwhile
  }
}

/** In order when it can, by force when it does not within `graceMs`. */
async function endProcess(pid: number, graceMs = 10_000): Promise<void> {
  const started = processStartTime(pid);
  if (started === undefined) return;
  process.kill(pid, 'SIGTERM');
  const deadline = performance.now() + graceMs;
  while (processStartTime(pid) === started) {
    if (performance.now() > deadline) process.kill(pid, 'SIGKILL');
    await delay(20);
  }
}

/** Asks the supervisor to end its process and itself, and waits. Throws when it does not within `timeoutMs`. */
export async function stopProcess(name: ProcessName, configuration: Configuration, timeoutMs = 60_000): Promise<void> {
  const pid = runningSupervisor(name, configuration);
  if (pid !== undefined) {
    process.kill(pid, 'SIGTERM');
    const deadline = performance.now() + timeoutMs;
    while (runningSupervisor(name, configuration) === pid) {
      if (performance.now() > deadline)
        throw new Error(`${name} (pid ${pid}) did not stop within ${timeoutMs / 1000} s`);
      await delay(20);
    }
  }
  await endOrphan(name, configuration);
  rmSync(pidFile(name, configuration), { force: true });
}

/** The last lines a process printed, for error messages. */
export function lastLogLines(name: ProcessName, configuration: Configuration, count = 5): string {
  const log = join(layout(configuration).logs, `${name}.log`);
  if (!existsSync(log)) return '(no log)';
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
}
