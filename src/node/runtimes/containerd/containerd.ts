import type { Log } from '../../../foundation/log.ts';
import type { Container, Runtime, Sandbox } from '../runtime.ts';
import { type Connection, connect, isNotFound } from './connection.ts';
import { createEntry } from './entry.ts';
import { watchTasks } from './events.ts';
import { createImageService } from './images.ts';
import type * as cri from './protocol/messages.ts';
import { containerRequest, rememberedRequest, resources, sandboxRequest } from './requests.ts';
import { containerFrom, memoryFrom, sandboxFrom } from './responses.ts';
import { createSandboxOf } from './sandbox-of.ts';
import { readStats } from './stats.ts';

export type ContainerdRuntimeOptions = {
  /** Of a containerd started by `startContainerd`. */
  socket: string;
  log: Log;
};

/** Beyond the grace period: the time runc and the shim take to kill and reap. */
const stopMarginMs = 30_000;

/** The runtime over containerd's CRI v1. Nothing is sent before the first call. */
export function createContainerdRuntime({ socket, log }: ContainerdRuntimeOptions): Runtime {
  const connection = connect(socket);
  const { call } = connection;
  const sandboxOf = createSandboxOf(connection);

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
      for (const pod of pods) for (const { id } of pod.containers) sandboxOf.put(id, pod.id);
      return pods;
    },
    async createContainer(podSandboxId, config) {
      const { status } = await call('PodSandboxStatus', { podSandboxId });
      const memory = memoryFrom(podSandboxId, status?.annotations ?? {});
      const sandboxConfig = rememberedRequest(memory, status?.metadata);
      const request = { podSandboxId, config: containerRequest(config, memory), sandboxConfig };
      const { containerId } = await call('CreateContainer', request);
      sandboxOf.put(containerId, podSandboxId);
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
      sandboxOf.forget(containerId);
    },
    async containerStatus(containerId) {
      const [sandboxId, response] = await Promise.all([
        sandboxOf.find(containerId),
        call('ContainerStatus', { containerId }).catch(unlessAbsent),
      ]);
      return response?.status && containerFrom(response.status, sandboxId ?? '');
    },
    updateResources: (containerId, limits) =>
      call('UpdateContainerResources', { containerId, linux: resources(limits) }).then(nothing),
    reopenLog: (containerId) => call('ReopenContainerLog', { containerId }).then(nothing),
    ...createEntry(connection, sandboxOf),
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
