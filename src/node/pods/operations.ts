import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { linuxResources } from '../resources.ts';
import type { NodeContext } from './context.ts';
import type { Action, ActionOf } from './decision.ts';
import type { PodMemory } from './memory.ts';
import { messageFileOf } from './own-files.ts';
import { resourcesText } from './resize.ts';
import { createSandbox, joinNetwork, sandboxesOf, stopSandbox } from './sandbox.ts';
import { logDirectoryOf } from './sandbox-config.ts';
import { start } from './start.ts';
import { isStatic } from './static-pod.ts';
import { stop } from './stop.ts';
import { members } from './view.ts';

/** Carries out one decision. Rejects when it has to be tried again; events and waiting reasons are told here. */
export async function operate(
  action: Action,
  memory: PodMemory,
  context: NodeContext,
  wake: () => void,
): Promise<void> {
  switch (action.do) {
    case 'prepare':
      return prepare(memory, context);
    case 'createSandbox':
      return createSandbox(action, memory, context);
    case 'joinNetwork':
      return joinNetwork(action.sandboxId, memory, context);
    case 'start':
      return start(action, memory, context, wake);
    case 'stop':
      return stop(action, memory, context);
    case 'resize':
      return resize(action, memory, context);
    case 'remove':
      return removeContainer(action.containerId, memory, context);
    case 'stopSandbox':
      return stopSandbox(action.sandboxId, memory, context);
    case 'removeSandbox':
      await context.runtime.removePod(action.sandboxId);
      return context.observed.refresh(action.sandboxId);
    case 'release':
      context.sources.unfollow(memory.pod.metadata.uid!);
      await context.cgroups.remove(memory.pod);
      await context.volumes.release(memory.pod.metadata!.uid!);
      memory.volumes = undefined;
      memory.released = true;
  }
}

/** The pod's cgroup first: a container cannot have more than its pod. */
async function resize(
  { member, container }: ActionOf<'resize'>,
  memory: PodMemory,
  context: NodeContext,
): Promise<void> {
  const { pod } = memory;
  const spec = members(pod).find((other) => other.spec.name === member.spec.name)?.spec ?? member.spec;
  await context.cgroups.create(pod);
  await context.runtime.updateResources(container.id, linuxResources(pod, spec, context.nodeMemoryBytes));
  memory.resized.set(container.id, resourcesText(spec));
  context.record(pod, 'Normal', 'ResizeCompleted', `Container ${spec.name} has its new resources`);
}

/** With the files that only this attempt had: its log and its last words. */
async function removeContainer(containerId: string, memory: PodMemory, context: NodeContext): Promise<void> {
  const all = sandboxesOf(memory, context).flatMap(({ containers }) => containers);
  const container = all.find(({ id }) => id === containerId);
  await context.runtime.removeContainer(containerId);
  if (container !== undefined) {
    const { name, attempt } = container;
    await rm(messageFileOf(context.podsDirectory, memory.pod, name, attempt), { force: true });
    const logs = join(logDirectoryOf(context.logsDirectory, memory.pod), name);
    for (const file of await readdir(logs).catch(() => [] as string[]))
      if (file.startsWith(`${attempt}.log`)) await rm(join(logs, file), { force: true });
  }
  await refreshAll(memory, context);
}

async function refreshAll(memory: PodMemory, context: NodeContext): Promise<void> {
  await Promise.all(sandboxesOf(memory, context).map(({ id }) => context.observed.refresh(id)));
}

/** Volumes and the pod's cgroup. Also what refreshes volumes later: mounting is idempotent. */
async function prepare(memory: PodMemory, context: NodeContext): Promise<void> {
  const ips = sandboxesOf(memory, context)[0]?.ips ?? [];
  try {
    memory.refreshDue = false;
    context.sources.follow(memory.pod);
    await context.cgroups.create(memory.pod);
    memory.volumes = await context.volumes.mount(memory.pod, context.facts(ips), memory.volumes);
    memory.released = false;
    if (!isStatic(memory.pod)) await context.records.begin({ pod: memory.pod, volumes: memory.volumes });
  } catch (error) {
    memory.refreshDue = memory.volumes !== undefined;
    context.record(memory.pod, 'Warning', 'FailedMount', (error as Error).message);
    throw error;
  }
}
