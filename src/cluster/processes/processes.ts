import { type SpawnSyncOptions, spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  fchownSync,
  lchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writePrivateFile } from '../../foundation/private-file.ts';
import { processStartTime } from '../../foundation/process-id.ts';
import { type Configuration, layout } from '../configuration.ts';
import { logFiles, type ProcessName } from '../places.ts';
import { commandOf, compileCacheOf, environmentOf, fingerprintOf, isUnprivileged, program } from './command.ts';
import { parentOf, pidFile, programs, readPidFile, readProcess, runningSupervisor } from './running.ts';

const { O_APPEND, O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

/** Starts a supervised process that outlives this one; does nothing when it already runs. */
export function startProcess(name: ProcessName, configuration: Configuration): void {
  if (runningSupervisor(name, configuration) !== undefined) return;
  const { processes } = layout(configuration);
  const { folder, crash } = logFiles(name, configuration);
  mkdirSync(processes, { recursive: true, mode: 0o755 });
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  const unprivileged = isUnprivileged(name, configuration);
  // The folder is the server's, who could have put a link there.
  const output = openSync(crash, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o640);
  if (unprivileged) own(folder, configuration.serverUid);
  const identity = unprivileged ? { uid: configuration.serverUid, gid: configuration.serverUid } : {};
  const command = commandOf(name, configuration);
  const environment = environmentOf(name, configuration);
  warm(name, configuration, command, { env: environment, ...identity });
  const supervised = [
    join(import.meta.dirname, 'supervise.sh'),
    name,
    crash,
    ...command,
    '--data-dir',
    configuration.dataDirectory,
  ];
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

/**
 * Compiles the program once before its first start. A process that strips types by itself keeps the 20 to 40 MB of what
 * did it, and starts later; one that finds them stripped in Node's compile cache does neither.
 */
function warm(name: ProcessName, configuration: Configuration, command: string[], options: SpawnSyncOptions): void {
  const cache = compileCacheOf(name, configuration);
  const stamp = `${cache}.of`;
  const version = program.join(' ');
  if (existsSync(cache) && existsSync(stamp) && readFileSync(stamp, 'utf8') === version) return;
  writePrivateFile(stamp, version);
  spawnSync(command[0]!, [...command.slice(1), '--data-dir', configuration.dataDirectory, '--warm'], {
    ...options,
    stdio: 'ignore',
  });
}

/** Whether a running process is the one that this program would start now. */
export const isCurrent = (name: ProcessName, configuration: Configuration): boolean =>
  readPidFile(name, configuration)[2] === fingerprintOf(name, configuration);

/**
 * Changes the owner of a directory and everything in it. By way of descriptors only: a process of the new owner may run
 * and swap a directory on the way for a link.
 */
export function own(path: string, uid: number): void {
  const directory = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    fchownSync(directory, uid, uid);
    const inside = `/proc/self/fd/${directory}`;
    for (const entry of readdirSync(inside, { withFileTypes: true })) {
      if (entry.isDirectory()) own(join(inside, entry.name), uid);
      else lchownSync(join(inside, entry.name), uid, uid);
    }
  } finally {
    closeSync(directory);
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
