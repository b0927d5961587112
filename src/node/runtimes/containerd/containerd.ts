import type { Log } from '../../../foundation/log.ts';
import type { Container, Runtime, Sandbox, SpdyTarget } from '../runtime.ts';
import { ExecTimeout } from '../runtime.ts';
import { type Connection, connect, isNotFound, isTimeout } from './connection.ts';
import { watchTasks } from './events.ts';
import { createImageService } from './images.ts';
import { createPlaces, type Places } from './places.ts';
import type * as cri from './protocol/messages.ts';
import { containerRequest, rememberedRequest, resources, sandboxRequest } from './requests.ts';
import { containerFrom, memoryFrom, sandboxFrom } from './responses.ts';
import { openPort, openSession, openSpdy } from './sessions.ts';
import { readStats } from './stats.ts';

export type ContainerdRuntimeOptions = {
  /** Of a containerd started by `startContainerd`. */
  socket: string;
  log: Log;
};

/**
 * containerd stalls for half a minute when about 28 execs run at once in one pod: 16 are let in. Half of them are for
 * probes and hooks, so that people's long sessions cannot make a pod unhealthy.
 */
const commandsPerPodMax = 8;
const sessionsPerPodMax = 8;
/** Probes and hooks wait for their place; people are told at once. */
const commandsWaitingMax = 256;
const outputBytesMax = 16 * 1024;
/** Beyond the grace period: the time runc and the shim take to kill and reap. */
const stopMarginMs = 30_000;

/** The runtime over containerd's CRI v1. Nothing is sent before the first call. */
export function createContainerdRuntime({ socket, log }: ContainerdRuntimeOptions): Runtime {
  const connection = connect(socket);
  const { call } = connection;
  const commands = createPlaces(commandsPerPodMax, commandsWaitingMax);
  const sessions = createPlaces(sessionsPerPodMax, 0);
  /** Which sandbox a container is in never changes, and CRI's ContainerStatus does not say it. */
  const sandboxOf = new Map<string, string>();

  const findSandbox = async (containerId: string): Promise<string | undefined> => {
    const known = sandboxOf.get(containerId);
    if (known !== undefined) return known;
    const { containers } = await call('ListContainers', { filter: { id: containerId } });
    const found = containers.find(({ id }) => id === containerId)?.podSandboxId;
    if (found !== undefined) sandboxOf.set(containerId, found);
    return found;
  };
  const enter = async (places: Places, containerId: string) =>
    places.enter((await findSandbox(containerId)) ?? containerId);
  const openInPlace = async (target: Exclude<SpdyTarget, { kind: 'portForward' }>) => {
    const leave = await enter(sessions, target.containerId);
    const session = await openSession(connection, target).catch((error) => {
      leave();
      throw error;
    });
    session.done.then(leave, leave);
    return session;
  };

  return {
    async version() {
      const { runtimeName, runtimeVersion } = await call('Version', {});
      return { name: runtimeName, version: runtimeVersion };
    },
    async status() {
      const conditions = (await call('Status', {}, 10_000)).status?.conditions ?? [];
      const failing = conditions.filter((condition) => !condition.status);
      return {
        ready: !failing.some(({ type }) => type === 'RuntimeReady'),
        networkReady: !failing.some(({ type }) => type === 'NetworkReady'),
        message: failing.map(({ reason, message }) => `${reason}: ${message}`).join('; '),
      };
    },
    async runPod(config) {
      const runtimeHandler = config.runtimeHandler;
      return (await call('RunPodSandbox', { config: sandboxRequest(config), runtimeHandler })).podSandboxId;
    },
    stopPod: (podSandboxId) => call('StopPodSandbox', { podSandboxId }).then(nothing, unlessAbsent),
    removePod: (podSandboxId) => call('RemovePodSandbox', { podSandboxId }).then(nothing, unlessAbsent),
    async listPods(sandboxId) {
      const pods = await listPods(connection, sandboxId);
      for (const pod of pods) for (const { id } of pod.containers) sandboxOf.set(id, pod.id);
      return pods;
    },
    async createContainer(podSandboxId, config) {
      const { status } = await call('PodSandboxStatus', { podSandboxId });
      const memory = memoryFrom(podSandboxId, status?.annotations ?? {});
      const sandboxConfig = rememberedRequest(memory, status?.metadata);
      const request = { podSandboxId, config: containerRequest(config, memory), sandboxConfig };
      const { containerId } = await call('CreateContainer', request);
      sandboxOf.set(containerId, podSandboxId);
      return containerId;
    },
    startContainer: (containerId) => call('StartContainer', { containerId }).then(nothing),
    stopContainer: (containerId, gracePeriodSeconds) =>
      call(
        'StopContainer',
        { containerId, timeout: BigInt(Math.ceil(gracePeriodSeconds)) },
        gracePeriodSeconds * 1000 + stopMarginMs,
      ).then(nothing, unlessAbsent),
    async removeContainer(containerId) {
      await call('RemoveContainer', { containerId }).catch(unlessAbsent);
      sandboxOf.delete(containerId);
    },
    async containerStatus(containerId) {
      const [sandboxId, response] = await Promise.all([
        findSandbox(containerId),
        call('ContainerStatus', { containerId }).catch(unlessAbsent),
      ]);
      return response?.status && containerFrom(response.status, sandboxId ?? '');
    },
    updateResources: (containerId, limits) =>
      call('UpdateContainerResources', { containerId, linux: resources(limits) }).then(nothing),
    reopenLog: (containerId) => call('ReopenContainerLog', { containerId }).then(nothing),

    async exec(containerId, cmd, timeoutMs) {
      const leave = await enter(commands, containerId);
      return execSync(connection, containerId, cmd, timeoutMs).finally(leave);
    },
    openExec: (containerId, command, streams) => openInPlace({ kind: 'exec', containerId, command, streams }),
    openAttach: (containerId, streams) => openInPlace({ kind: 'attach', containerId, streams }),
    openPort: (sandboxId, port) => openPort(connection, sandboxId, port),
    async openSpdy(target, protocols) {
      const key = target.kind === 'portForward' ? undefined : target.containerId;
      const leave = key === undefined ? nothing : await enter(sessions, key);
      const opened = await openSpdy(connection, target, protocols).catch((error) => {
        leave();
        throw error;
      });
      opened.connection.once('close', leave);
      return opened;
    },

    watch: (onChange) => watchTasks(connection, log, onChange),
    images: createImageService(connection),
    stats: () => readStats(connection),
    async writableBytes(containerId) {
      const response = await call('ContainerStats', { containerId }).catch(unlessAbsent);
      return Number(response?.stats?.writableLayer?.usedBytes?.value ?? 0n);
    },
    async close() {
      connection.close();
    },
  };
}

const nothing = () => {};

function unlessAbsent(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}

/** CRI's timeout counts whole seconds, so the call's own deadline carries the milliseconds. */
async function execSync({ call }: Connection, containerId: string, cmd: string[], timeoutMs: number) {
  const request = { containerId, cmd, timeout: BigInt(Math.max(1, Math.ceil(timeoutMs / 1000))) };
  const response = await call('ExecSync', request, timeoutMs).catch((error: unknown) => {
    if (isTimeout(error)) throw new ExecTimeout(`${cmd[0]} did not end within ${timeoutMs} ms`, { cause: error });
    throw error;
  });
  const output = Buffer.concat([response.stdout, response.stderr]).subarray(0, outputBytesMax).toString();
  return { exitCode: response.exitCode, output };
}

async function listPods({ call }: Connection, sandboxId: string | undefined): Promise<Sandbox[]> {
  const [{ items }, { containers }] = await Promise.all([
    call('ListPodSandbox', sandboxId === undefined ? {} : { filter: { id: sandboxId } }),
    call('ListContainers', sandboxId === undefined ? {} : { filter: { podSandboxId: sandboxId } }),
  ]);
  const statuses = await Promise.all(
    containers.map((container) => call('ContainerStatus', { containerId: container.id }).catch(unlessAbsent)),
  );
  const found = new Map<string, Container[]>();
  for (const [index, { podSandboxId }] of containers.entries()) {
    const status: cri.ContainerStatus | undefined = statuses[index]?.status;
    if (status) found.set(podSandboxId, [...(found.get(podSandboxId) ?? []), containerFrom(status, podSandboxId)]);
  }
  const pods = await Promise.all(
    items.map(async ({ id }) => (await call('PodSandboxStatus', { podSandboxId: id }).catch(unlessAbsent))?.status),
  );
  return pods.flatMap((status) => (status ? [sandboxFrom(status, found.get(status.id) ?? [])] : []));
}
