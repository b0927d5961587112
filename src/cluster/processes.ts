import { type SpawnSyncOptions, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  lchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { processStartTime } from '../foundation/process-id.ts';
import { programVersion } from '../foundation/program-version.ts';
import { type Configuration, layout } from './configuration.ts';
import { logFiles, type ProcessName } from './places.ts';
import { modeOf } from './protections/protections.ts';

const here = dirname(fileURLToPath(import.meta.url));
/** The checkout or the installed package: all code that a process may read. */
export const packageRoot = realpathSync(join(here, '../..'));
/** What npm installs beside a package is its code, too. */
const codeFolders = basename(dirname(packageRoot)) === 'node_modules' ? [dirname(packageRoot)] : [packageRoot];
const mainFile = existsSync(join(packageRoot, 'src/cli/main.ts')) ? 'src/cli/main.ts' : 'dist/cli/main.js';

/** The Node and the program that processes are started with: an upgrade, or another checkout, changes it. */
const program = [process.execPath, packageRoot, programVersion()];

/** Starts a supervised process that outlives this one; does nothing when it already runs. */
export function startProcess(name: ProcessName, configuration: Configuration): void {
  if (runningSupervisor(name, configuration) !== undefined) return;
  const { processes } = layout(configuration);
  const { folder, crash } = logFiles(name, configuration);
  mkdirSync(processes, { recursive: true, mode: 0o755 });
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  const unprivileged = name === 'server' && modeOf('unprivileged-api-server', configuration.relaxed) !== 'off';
  const output = openSync(crash, 'a', 0o640);
  if (unprivileged) own(folder, configuration.serverUid);
  const identity = unprivileged ? { uid: configuration.serverUid, gid: configuration.serverUid } : {};
  const command = [process.execPath, ...nodeFlags(name, configuration), join(packageRoot, mainFile), name];
  const environment = { ...plainEnvironment, NODE_COMPILE_CACHE: cacheOf(name, configuration) };
  warm(name, configuration, command, { env: environment, ...identity });
  const supervised = [join(here, 'supervise.sh'), name, crash, ...command, '--data-dir', configuration.dataDirectory];
  const confined = unprivileged && existsSync(confine);
  const [file = '', ...rest] = confined ? [...confinement(configuration.serverUid), ...supervised] : supervised;
  const child = spawn(file, rest, {
    detached: true,
    stdio: ['ignore', output, output],
    cwd: '/',
    env: environment,
    ...(confined ? {} : identity),
  });
  child.unref();
  closeSync(output);
  const words = [child.pid, processStartTime(child.pid!), fingerprintOf(name, configuration)];
  writeFileSync(pidFile(name, configuration), `${words.join(' ')}\n`);
}

/** Of util-linux, which every Debian has. Without it the process only changes its user. */
const confine = '/usr/bin/setpriv';

/** Another user for good: no program that it could start (sudo, ping) gives it rights again. */
const confinement = (id: number): string[] => [
  ...[confine, `--reuid=${id}`, `--regid=${id}`, '--clear-groups'],
  ...['--no-new-privs', '--inh-caps=-all', '--bounding-set=-all', '--'],
];

/** The program and what of the configuration it reads: when it changes, the process has to start again. */
function fingerprintOf(name: ProcessName, configuration: Configuration): string {
  const { listen, allowFrom, relaxed, kubeconfig, ...both } = configuration;
  const own =
    name === 'server'
      ? { listen, allowFrom, relaxed: Object.entries(relaxed).sort() }
      : { kubeconfig, isolation: modeOf('namespace-isolation', relaxed) };
  return createHash('sha256')
    .update(JSON.stringify([program, both, own]))
    .digest('hex')
    .slice(0, 16);
}

/** Whether a running process is the one that this program would start now. */
export const isCurrent = (name: ProcessName, configuration: Configuration): boolean =>
  readPidFile(name, configuration)[2] === fingerprintOf(name, configuration);

/** Changes the owner of a directory and everything in it; links are not followed. */
export function own(path: string, uid: number): void {
  chownSync(path, uid, uid);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) own(join(path, entry.name), uid);
    else lchownSync(join(path, entry.name), uid, uid);
  }
}

/** Nothing of the environment of who typed `up` belongs into a service. */
const plainEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  // One heap of the C library for all threads (glibc, mallopt(3)).
  MALLOC_ARENA_MAX: '1',
};

const cacheOf = (name: ProcessName, configuration: Configuration) => join(layout(configuration)[name], 'code-cache');

/**
 * Compiles the program once before its first start. A process that strips types by itself keeps the 20 to 40 MB of what
 * did it, and starts later; one that finds them stripped in Node's compile cache does neither.
 */
function warm(name: ProcessName, configuration: Configuration, command: string[], options: SpawnSyncOptions): void {
  const cache = cacheOf(name, configuration);
  const stamp = `${cache}.of`;
  const version = program.join(' ');
  if (existsSync(cache) && existsSync(stamp) && readFileSync(stamp, 'utf8') === version) return;
  writeFileSync(stamp, version);
  spawnSync(command[0]!, [...command.slice(1), '--data-dir', configuration.dataDirectory, '--warm'], {
    ...options,
    stdio: 'ignore',
  });
}

/** Small heaps that are given back: these processes are idle most of the time and share the machine with the work. */
function nodeFlags(name: ProcessName, configuration: Configuration): string[] {
  // Young objects of the agent fit into little; of the server's many at once, less would be kept too long.
  const youngMegabytes = name === 'agent' ? 2 : 4;
  // More helpers of V8 than processors to spare only get in the way, and each has memory of its own.
  const helpers = Math.min(4, Math.max(1, availableParallelism() - 1));
  const flags = [
    ...['--disallow-code-generation-from-strings', '--no-warnings', '--expose-gc'],
    ...[`--max-semi-space-size=${youngMegabytes}`, `--v8-pool-size=${helpers}`],
  ];
  // The agent waits most of its life: what optimizes code has 10 MB of its own, and would save it microseconds.
  if (name === 'agent') return [...flags, '--no-opt', '--no-maglev'];
  if (modeOf('unprivileged-api-server', configuration.relaxed) === 'off') return flags;
  const { server, serverLogs } = layout(configuration);
  return [
    ...flags,
    '--permission',
    '--allow-net',
    '--allow-worker',
    ...codeFolders.map((folder) => `--allow-fs-read=${folder}`),
    `--allow-fs-read=${configuration.dataDirectory}`,
    `--allow-fs-write=${server}`,
    `--allow-fs-write=${serverLogs}`,
  ];
}

const pidFile = (name: ProcessName, configuration: Configuration) =>
  join(layout(configuration).processes, `${name}.pid`);

/** Pid, start time and fingerprint; nothing when there is no such file. */
function readPidFile(name: ProcessName, configuration: Configuration): string[] {
  try {
    return readFileSync(pidFile(name, configuration), 'utf8').trim().split(' ');
  } catch {
    return [];
  }
}

/** The pid of the supervisor, if it is alive. */
export function runningSupervisor(name: ProcessName, configuration: Configuration): number | undefined {
  const [word, started] = readPidFile(name, configuration);
  const pid = Number(word);
  if (started === undefined || processStartTime(pid) !== started) return undefined;
  // Start times count from the machine's start: after another one the same pair may be somebody else.
  return readProcess(pid, 'cmdline').includes(`supervise.sh\0${name}\0`) ? pid : undefined;
}

/** The pid of the program itself, while its supervisor runs it. */
export function runningProgram(name: ProcessName, configuration: Configuration): number | undefined {
  const supervisor = runningSupervisor(name, configuration);
  return supervisor === undefined
    ? undefined
    : programs(name, configuration).find((pid) => parentOf(pid) === supervisor);
}

/** Processes of this cluster, whichever program of ours they run. */
function programs(name: ProcessName, { dataDirectory }: Configuration): number[] {
  const words = ['', name, '--data-dir', dataDirectory, ''].join('\0');
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      const line = pid > 0 ? readProcess(pid, 'cmdline') : '';
      return /cli\/main\.[jt]s\0/.test(line) && line.endsWith(words) && !line.includes('supervise.sh\0');
    });
}

const parentOf = (pid: number) => Number(/^PPid:\s*(\d+)/m.exec(readProcess(pid, 'status'))?.[1]);

/**
 * Ends a process that lost its supervisor (killed, or the machine was short of memory): it holds the ports and the
 * store, and nobody would start it again.
 */
export async function endOrphan(name: ProcessName, configuration: Configuration): Promise<void> {
  const supervisor = runningSupervisor(name, configuration);
  for (const pid of programs(name, configuration)) {
    const parent = parentOf(pid);
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

/** How often a process has ended by itself, as far as its crash log reaches back. */
export function countCrashes(name: ProcessName, configuration: Configuration): number {
  const { crash } = logFiles(name, configuration);
  if (!existsSync(crash)) return 0;
  return readFileSync(crash, 'utf8').split(`Z ${name} ended with status `).length - 1;
}

/** The last lines a process logged, and what it said when it crashed, for error messages. */
export function lastLogLines(name: ProcessName, configuration: Configuration, count = 5): string {
  const { log, crash } = logFiles(name, configuration);
  const ends = [log, crash].map((file) => [file, endOf(file, count)]).filter(([, end]) => end !== '');
  return ends.length === 0 ? '(no log)' : ends.map(([file, end]) => `The end of ${file}:\n${end}`).join('\n');
}

function endOf(file: string, count: number): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n') : '';
}
