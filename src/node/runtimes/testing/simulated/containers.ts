import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../../../foundation/clock.ts';
import type { Container, ContainerConfig, ContainerStats, Runtime } from '../../runtime.ts';
import { programOf } from './program.ts';
import type { SimulatedContainer, World } from './world.ts';

type ContainerCalls = Pick<
  Runtime,
  | 'createContainer'
  | 'startContainer'
  | 'stopContainer'
  | 'removeContainer'
  | 'containerStatus'
  | 'updateResources'
  | 'reopenLog'
  | 'stats'
  | 'writableBytes'
>;

const terminatedCode = 143;

/** Containers: they run at once, and end as `programOf` says or when they are stopped. */
export function simulatedContainers(
  world: World,
  { clock, images, writeLogs }: { clock: Clock; images: Pick<Runtime['images'], 'status'>; writeLogs: boolean },
): ContainerCalls {
  const known = (containerId: string) => world.podOf(containerId)?.containers.get(containerId);

  async function stopContainer(containerId: string): Promise<void> {
    const running = known(containerId);
    if (running) world.end(running, terminatedCode);
  }

  return {
    stopContainer,
    async createContainer(sandboxId, config) {
      const pod = world.pods.get(sandboxId);
      if (!pod?.sandbox.ready) throw new Error(`no sandbox ${sandboxId} is ready`);
      const image = await images.status(config.image);
      if (image === undefined) throw new Error(`no image ${config.image}`);
      const id = world.nextId();
      const logPath = join(pod.logDirectory, config.logPath);
      const container = containerFrom(id, sandboxId, config, image.id, logPath, clock.now());
      pod.containers.set(id, { container, config, cancel: () => {} });
      return id;
    },
    async startContainer(containerId) {
      const running = world.find(containerId);
      const { container, config } = running;
      if (container.state !== 'created') throw new Error(`container ${containerId} is ${container.state}`);
      const program = programOf([...config.command, ...config.args]);
      Object.assign(container, { state: 'running', startedAtMs: clock.now() });
      world.tell({ containerId });
      if (writeLogs && program.output !== '') await appendLog(container.logPath, program.output, clock.now());
      if (Number.isFinite(program.endsAfterMs))
        running.cancel = clock.after(program.endsAfterMs, () => world.end(running, program.exitCode));
    },
    async removeContainer(containerId) {
      await stopContainer(containerId);
      world.podOf(containerId)?.containers.delete(containerId);
    },
    async containerStatus(containerId) {
      const running = known(containerId);
      return running && { ...running.container };
    },
    updateResources: async (containerId) => void world.find(containerId),
    reopenLog: async (containerId) => void world.find(containerId),
    async stats() {
      const running = world.containers().filter(({ container }) => container.state === 'running');
      return running.map((one) => statsOf(one, clock.now()));
    },
    writableBytes: async () => 0,
  };
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
function statsOf({ container, config }: SimulatedContainer, nowMs: number): ContainerStats {
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
