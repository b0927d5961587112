import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../../foundation/clock.ts';
import type { Container, ContainerConfig, ContainerStats, Runtime, Sandbox, SandboxConfig } from '../runtime.ts';
import { ExecTimeout } from '../runtime.ts';
import { createSimulatedImages } from './simulated/images.ts';
import { programOf } from './simulated/program.ts';
import { simulatedSession } from './simulated/sessions.ts';

export type SimulatedRuntimeOptions = {
  clock: Clock;
  /** Gives the next free address of the node's range; called once per sandbox that has its own network. */
  nextAddress(): string;
  /** Writes logs to the sandbox's log directory, which thousands of nodes would rather not. */
  writeLogs: boolean;
};

type Running = { container: Container; config: ContainerConfig; cancel: () => void };
type Pod = { sandbox: Sandbox; logDirectory: string; containers: Map<string, Running> };

const killedCode = 137;
const terminatedCode = 143;

/**
 * Runs nothing and says it does: containers start at once, end as `programOf` says, are killed when stopped. No root,
 * no kernel, any number of nodes in one process. Keeps everything in memory.
 */
export function createSimulatedRuntime({ clock, nextAddress, writeLogs }: SimulatedRuntimeOptions): Runtime {
  const pods = new Map<string, Pod>();
  const watchers = new Set<Parameters<Runtime['watch']>[0]>();
  let lastId = 0;
  // 64 hexadecimal digits, as containerd's ids are.
  const nextId = () => (++lastId).toString(16).padStart(64, '0');
  const podOf = (containerId: string) => [...pods.values()].find(({ containers }) => containers.has(containerId));
  const find = (containerId: string): Running => {
    const running = podOf(containerId)?.containers.get(containerId);
    if (running === undefined) throw new Error(`no container ${containerId}`);
    return running;
  };
  const tell = (change: { sandboxId?: string; containerId?: string }) => {
    for (const watcher of watchers) watcher(change);
  };
  const end = ({ container, cancel }: Running, exitCode: number) => {
    cancel();
    if (container.state !== 'running' && container.state !== 'created') return;
    const reason = exitCode === 0 ? 'Completed' : 'Error';
    Object.assign(container, { state: 'exited', exitCode, reason, finishedAtMs: clock.now() });
    tell({ containerId: container.id });
  };
  const snapshot = ({ sandbox, containers }: Pod): Sandbox => ({
    ...sandbox,
    containers: [...containers.values()].map(({ container }) => ({ ...container })),
  });

  return {
    version: async () => ({ name: 'simulated', version: '1.0.0' }),
    status: async () => ({ ready: true, networkReady: true, message: '' }),
    async runPod(config) {
      const id = nextId();
      const ips = config.hostNetwork ? [] : [nextAddress()];
      const sandbox = sandboxFrom(id, config, ips, clock.now());
      pods.set(id, { sandbox, logDirectory: config.logDirectory, containers: new Map() });
      tell({ sandboxId: id });
      return id;
    },
    async stopPod(sandboxId) {
      const pod = pods.get(sandboxId);
      if (!pod?.sandbox.ready) return;
      for (const running of pod.containers.values()) end(running, killedCode);
      Object.assign(pod.sandbox, { ready: false, ips: [] });
      tell({ sandboxId });
    },
    async removePod(sandboxId) {
      await this.stopPod(sandboxId);
      pods.delete(sandboxId);
    },
    async listPods(sandboxId) {
      return [...pods.values()]
        .filter(({ sandbox }) => sandboxId === undefined || sandbox.id === sandboxId)
        .map(snapshot);
    },

    async createContainer(sandboxId, config) {
      const pod = pods.get(sandboxId);
      if (!pod?.sandbox.ready) throw new Error(`no sandbox ${sandboxId} is ready`);
      const image = await this.images.status(config.image);
      if (image === undefined) throw new Error(`no image ${config.image}`);
      const id = nextId();
      const logPath = join(pod.logDirectory, config.logPath);
      const container = containerFrom(id, sandboxId, config, image.id, logPath, clock.now());
      pod.containers.set(id, { container, config, cancel: () => {} });
      return id;
    },
    async startContainer(containerId) {
      const running = find(containerId);
      const { container, config } = running;
      if (container.state !== 'created') throw new Error(`container ${containerId} is ${container.state}`);
      const program = programOf([...config.command, ...config.args]);
      Object.assign(container, { state: 'running', startedAtMs: clock.now() });
      tell({ containerId });
      if (writeLogs && program.output !== '') await appendLog(container.logPath, program.output, clock.now());
      if (Number.isFinite(program.endsAfterMs))
        running.cancel = clock.after(program.endsAfterMs, () => end(running, program.exitCode));
    },
    async stopContainer(containerId) {
      const running = podOf(containerId)?.containers.get(containerId);
      if (running) end(running, terminatedCode);
    },
    async removeContainer(containerId) {
      await this.stopContainer(containerId, 0);
      podOf(containerId)?.containers.delete(containerId);
    },
    async containerStatus(containerId) {
      const running = podOf(containerId)?.containers.get(containerId);
      return running && { ...running.container };
    },
    async updateResources(containerId) {
      find(containerId);
    },
    async reopenLog(containerId) {
      find(containerId);
    },

    async exec(containerId, command, timeoutMs) {
      if (find(containerId).container.state !== 'running') throw new Error(`container ${containerId} does not run`);
      const { endsAfterMs, exitCode, output } = programOf(command);
      if (endsAfterMs > timeoutMs) throw new ExecTimeout(`${command[0]} did not end within ${timeoutMs} ms`);
      return { exitCode, output };
    },
    async openExec(containerId, command, streams) {
      find(containerId);
      return simulatedSession(programOf(command), streams);
    },
    async openAttach(containerId, streams) {
      const { config } = find(containerId);
      return simulatedSession({ ...programOf([...config.command, ...config.args]), output: '' }, streams);
    },
    async openPort(_sandboxId, port) {
      throw new Error(`nothing listens on port ${port}: the pod is simulated`);
    },
    watch(onChange) {
      watchers.add(onChange);
      onChange({});
      return () => watchers.delete(onChange);
    },
    images: createSimulatedImages(),
    async stats() {
      const all = [...pods.values()].flatMap(({ containers }) => [...containers.values()]);
      return all
        .filter(({ container }) => container.state === 'running')
        .map((running) => statsOf(running, clock.now()));
    },
    writableBytes: async () => 0,
    async close() {
      watchers.clear();
      for (const { containers } of pods.values()) for (const { cancel } of containers.values()) cancel();
    },
  };
}

function sandboxFrom(id: string, config: SandboxConfig, ips: string[], createdAtMs: number): Sandbox {
  const { name, namespace, uid, attempt, labels, annotations } = config;
  return { id, name, namespace, uid, attempt, ready: true, createdAtMs, ips, labels, annotations, containers: [] };
}

function containerFrom(
  id: string,
  sandboxId: string,
  config: ContainerConfig,
  imageId: string,
  logPath: string,
  createdAtMs: number,
): Container {
  const { name, attempt, image, labels, annotations } = config;
  const times = { createdAtMs, startedAtMs: 0, finishedAtMs: 0 };
  const ending = { exitCode: 0, reason: '', message: '' };
  return {
    id,
    sandboxId,
    name,
    attempt,
    state: 'created',
    image,
    imageId,
    ...times,
    ...ending,
    labels,
    annotations,
    logPath,
  };
}

async function appendLog(path: string, output: string, nowMs: number): Promise<void> {
  const time = new Date(nowMs).toISOString();
  await mkdir(dirname(path), { recursive: true });
  const lines = output.replace(/\n$/, '').split('\n');
  await appendFile(path, lines.map((line) => `${time} stdout F ${line}\n`).join(''));
}

/** Uses a tenth of its CPU shares (1024 are one core) and 16 MiB, steadily. */
function statsOf({ container, config }: Running, nowMs: number): ContainerStats {
  const cores = config.resources.cpuShares / 1024 / 10;
  return {
    containerId: container.id,
    sandboxId: container.sandboxId,
    cpuNanoseconds: Math.round((nowMs - container.startedAtMs) * 1e6 * cores),
    memoryWorkingSetBytes: 16 * 2 ** 20,
    memoryUsageBytes: 16 * 2 ** 20,
    timestampMs: nowMs,
  };
}
