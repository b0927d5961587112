import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../../foundation/log.ts';
import { isAlive } from '../../../foundation/process-id.ts';
import { pauseImage, pauseReference } from '../../oci/pause.ts';
import { type ContainerdPaths, containerdConfig, inspectMachine } from './config.ts';
import { connect } from './connection.ts';
import { importImage } from './import.ts';
import { signal, supervise } from './supervise.ts';

export type ContainerdOptions = ContainerdPaths & {
  log: Log;
  /** How often it is asked whether it still answers; every ten seconds. */
  askEveryMs?: number;
};

/** A supervised containerd. It outlives this process; `release` stops watching it, `stop` ends it. */
export type Containerd = {
  socket: string;
  version: string;
  /** Process id of now; changes when it had to be started again. */
  pid(): number;
  /** Stops supervising; containerd and every container go on. */
  release(): void;
  /** Ends containerd (not the containers) and waits for it. */
  stop(): Promise<void>;
};

const startMsMax = 15_000;
const stopMsMax = 10_000;
const logBytesMax = 10 * 2 ** 20;

/**
 * Adopts the containerd that an earlier agent left running with this configuration, or starts one; imports the pause
 * image; starts it again whenever it dies or hangs. Never touches a containerd of the system's: its root, state and socket are
 * its own. Rejects when containerd is missing, is refused by the kernel, or does not answer within 15 s.
 */
export async function startContainerd(options: ContainerdOptions): Promise<Containerd> {
  const { socket, log } = options;
  const version = installedVersion();
  const files = filesOf(options);
  if (Buffer.byteLength(socket) > 100)
    throw new Error(`socket path ${socket} is longer than the 100 bytes Linux allows`);
  for (const folder of [options.root, options.state, options.cniConfDir, dirname(socket)])
    mkdirSync(folder, { recursive: true, mode: 0o711 });
  const config = containerdConfig(Number.parseInt(version, 10), options, inspectMachine());
  let pid = await adopt(files, config);
  if (pid === undefined) pid = await launch(options, config);
  else log.info('containerd was running and is kept', { pid });
  await ensurePauseImage(socket);

  const watching = supervise(
    options,
    pid,
    () => launch(options, config),
    () => boundLog(files.log),
  );
  return {
    socket,
    version,
    pid: watching.pid,
    release: watching.release,
    async stop() {
      watching.release();
      await end(watching.pid());
      rmSync(files.pid, { force: true });
    },
  };
}

function filesOf(paths: ContainerdPaths) {
  return {
    config: join(paths.state, 'containerd.toml'),
    pid: join(paths.state, 'containerd.pid'),
    log: join(paths.root, 'containerd.log'),
  };
}

/** `containerd --version` prints `containerd github.com/containerd/containerd[/v2] [v]1.6.20… REVISION`. */
function installedVersion(): string {
  const { stdout, error } = spawnSync('containerd', ['--version'], { encoding: 'utf8' });
  if (error)
    throw new Error('containerd is not installed: install it (Debian: apt-get install containerd)', { cause: error });
  const version = /\sv?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`containerd --version says something unknown: ${stdout.slice(0, 200)}`);
  return version;
}

/** The process of the pid file when it is truly ours: pids are reused, and so are files of before a reboot. */
function ownProcess(files: ReturnType<typeof filesOf>): number | undefined {
  if (!existsSync(files.pid)) return undefined;
  const pid = Number(readFileSync(files.pid, 'utf8'));
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  try {
    return isAlive(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(files.config)
      ? pid
      : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a running containerd only if its configuration is still the right one; containers survive the change. */
async function adopt(files: ReturnType<typeof filesOf>, config: string): Promise<number | undefined> {
  const pid = ownProcess(files);
  if (pid === undefined) return undefined;
  if (existsSync(files.config) && readFileSync(files.config, 'utf8') === config) return pid;
  await end(pid);
  return undefined;
}

async function launch(options: ContainerdOptions, config: string): Promise<number> {
  const files = filesOf(options);
  writeFileSync(files.config, config, { mode: 0o600 });
  boundLog(files.log);
  const output = openSync(files.log, 'a', 0o600);
  // A session of its own: what ends the agent (a terminal, its service manager's signal) must not end the containers.
  const child = spawn('containerd', ['--config', files.config], { detached: true, stdio: ['ignore', output, output] });
  closeSync(output);
  child.unref();
  const failed = new Promise<never>((_, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) =>
      reject(new Error(`containerd ended at once (${signal ?? code}): ${lastLine(files.log)}`)),
    );
  });
  failed.catch(() => {});
  writeFileSync(files.pid, String(child.pid));
  await Promise.race([answers(options.socket, files.log), failed]);
  // From here on `supervise` looks after it.
  child.removeAllListeners('exit');
  options.log.info('containerd started', { pid: child.pid, socket: options.socket });
  return child.pid!;
}

/** It is opened for appending, so that a running containerd goes on at the new end. */
function boundLog(path: string): void {
  if (existsSync(path) && statSync(path).size > logBytesMax) truncateSync(path);
}

const lastLine = (path: string) => readFileSync(path, 'utf8').slice(-2000).trim().split('\n').at(-1) ?? '';

async function answers(socket: string, logPath: string): Promise<void> {
  const untilMs = performance.now() + startMsMax;
  const connection = connect(socket);
  try {
    for (;;) {
      const version = await connection.call('Version', {}, 1000).catch((error: Error) => error);
      if (!(version instanceof Error)) return;
      if (performance.now() > untilMs)
        throw new Error(`containerd does not answer on ${socket}: ${lastLine(logPath)}`, { cause: version });
      await sleep(20);
    }
  } finally {
    connection.close();
  }
}

async function ensurePauseImage(socket: string): Promise<void> {
  const connection = connect(socket);
  try {
    await answers(socket, '/dev/null');
    const { image } = await connection.call('ImageStatus', { image: { image: pauseReference } });
    if (image === undefined) await importImage(socket, pauseImage().tar);
  } finally {
    connection.close();
  }
}

async function end(pid: number): Promise<void> {
  const untilMs = performance.now() + stopMsMax;
  signal(pid, 'SIGTERM');
  while (isAlive(pid) && performance.now() < untilMs) await sleep(20);
  if (isAlive(pid)) signal(pid, 'SIGKILL');
  while (isAlive(pid) && performance.now() < untilMs + 1000) await sleep(20);
}
