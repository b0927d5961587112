import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container as ContainerSpec, Pod, RuntimeClass } from '../../api/schema/types.d.ts';
import { linuxResources } from '../resources.ts';
import type { Container, Sandbox } from '../runtimes/runtime.ts';
import { ConfigError } from '../security.ts';
import { VolumeError } from '../volumes/volume-type.ts';
import { containerConfig } from './container-config.ts';
import type { NodeContext } from './context.ts';
import type { Action } from './decide.ts';
import { pause, runHook } from './hooks.ts';
import { PullError } from './image.ts';
import type { PodMemory } from './memory.ts';
import { resourcesText } from './resize.ts';
import { logDirectoryOf, sandboxConfig } from './sandbox-config.ts';
import { isStatic } from './static-pod.ts';
import { messageFileOf } from './termination-message.ts';
import { members } from './view.ts';

type Of<Name extends Action['do']> = Extract<Action, { do: Name }>;

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
      context.sources.unfollow(uidOf(memory));
      await context.cgroups.remove(memory.pod);
      await context.volumes.release(memory.pod.metadata!.uid!);
      memory.volumes = undefined;
      memory.released = true;
  }
}

const uidOf = (memory: PodMemory) => memory.pod.metadata!.uid!;
const sandboxesOf = (memory: PodMemory, context: NodeContext) => context.observed.ofPod(uidOf(memory));

/** The pod's cgroup first: a container cannot have more than its pod. */
async function resize({ member, container }: Of<'resize'>, memory: PodMemory, context: NodeContext): Promise<void> {
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

async function createSandbox({ attempt }: Of<'createSandbox'>, memory: PodMemory, context: NodeContext): Promise<void> {
  const { pod } = memory;
  try {
    for (const old of sandboxesOf(memory, context)) await stopSandbox(old.id, memory, context);
    await context.network.beforePodStarts(pod);
    const runtimeHandler = await runtimeHandlerOf(pod, context);
    const config = { ...sandboxConfig(pod, attempt, context.cgroups.parentOf(pod), context), runtimeHandler };
    const id = await context.inTurn(() => context.runtime.runPod(config));
    const [sandbox] = await context.runtime.listPods(id);
    const ip = sandbox?.ips[0];
    if (ip !== undefined) await context.network.podNetworkReady(pod, ip).catch((error) => abandon(id, error, context));
    await context.observed.refresh(id);
  } catch (error) {
    const message = `Failed to create pod sandbox: ${(error as Error).message}`;
    context.record(pod, 'Warning', 'FailedCreatePodSandBox', message);
    throw error;
  }
}

/** The handler of the pod's RuntimeClass; the runtime refuses one that it does not have. */
async function runtimeHandlerOf({ spec }: Pod, { client }: NodeContext): Promise<string> {
  if (!spec!.runtimeClassName) return '';
  const found = await client.get<RuntimeClass>('runtimeclasses.node.k8s.io', { name: spec!.runtimeClassName });
  return found.handler;
}

/** A sandbox whose policies could not be put in force must not run anything. */
async function abandon(sandboxId: string, error: unknown, { runtime }: NodeContext): Promise<never> {
  await runtime.stopPod(sandboxId);
  await runtime.removePod(sandboxId);
  throw error;
}

async function stopSandbox(sandboxId: string, memory: PodMemory, context: NodeContext): Promise<void> {
  const sandbox = sandboxesOf(memory, context).find(({ id }) => id === sandboxId);
  if (memory.stoppedSandboxes.has(sandboxId)) return;
  await context.runtime.stopPod(sandboxId);
  const ip = sandbox?.ips[0];
  if (ip !== undefined) await context.network.podNetworkGone(memory.pod, ip);
  memory.stoppedSandboxes.add(sandboxId);
  await context.observed.refresh(sandboxId);
}

async function start(action: Of<'start'>, memory: PodMemory, context: NodeContext, wake: () => void): Promise<void> {
  const { spec } = action.member;
  try {
    const containerId = await createAndStart(action, memory, context);
    if (containerId === undefined) return;
    memory.problems.delete(spec.name);
    if (action.nextBackoffMs > 0) memory.backoffs.set(spec.name, action.nextBackoffMs);
    if (spec.lifecycle?.postStart === undefined) return;
    memory.postStartPending.add(containerId);
    wake();
    await postStart(containerId, action, memory, context);
  } catch (error) {
    const problem = problemOf(error, memory.failures.has(action.key));
    memory.problems.set(spec.name, problem);
    context.record(memory.pod, 'Warning', eventReason(error), `Error: ${problem.message}`, spec.name);
    throw error;
  }
}

async function createAndStart(
  action: Of<'start'>,
  memory: PodMemory,
  context: NodeContext,
): Promise<string | undefined> {
  const { pod } = memory;
  const { spec } = action.member;
  memory.pulling.add(spec.name);
  const image = await context.ensureImage(pod, spec).finally(() => memory.pulling.delete(spec.name));
  const sandbox = sandboxesOf(memory, context).find(({ id }) => id === action.sandboxId);
  // While the image came, the pod may have been deleted or its sandbox have died.
  if (memory.stop !== undefined || sandbox === undefined || !sandbox.ready) return undefined;
  const plan = { pod, spec, attempt: action.attempt, sandbox, image, volumes: memory.volumes ?? new Map() };
  const config = await containerConfig(plan, context);
  const containerId = await createContainer(sandbox, config, context);
  context.record(pod, 'Normal', 'Created', `Created container: ${spec.name}`, spec.name);
  try {
    await context.inTurn(() => context.runtime.startContainer(containerId));
  } catch (error) {
    await context.observed.refresh(sandbox.id);
    if (action.nextBackoffMs > 0) memory.backoffs.set(spec.name, action.nextBackoffMs);
    throw new StartError((error as Error).message, { cause: error });
  }
  context.record(pod, 'Normal', 'Started', `Started container ${spec.name}`, spec.name);
  await context.observed.refresh(sandbox.id);
  return containerId;
}

class StartError extends Error {}

/** A container of that name and attempt may be left from an agent that died in between: it is replaced. */
async function createContainer(
  sandbox: Sandbox,
  config: Parameters<NodeContext['runtime']['createContainer']>[1],
  context: NodeContext,
) {
  try {
    return await context.runtime.createContainer(sandbox.id, config);
  } catch (error) {
    await context.observed.refresh(sandbox.id);
    const left = context.observed
      .ofPod(sandbox.uid)
      .flatMap(({ containers }) => containers)
      .find(({ name, attempt, state }) => name === config.name && attempt === config.attempt && state !== 'running');
    if (left === undefined) throw error;
    await context.runtime.removeContainer(left.id);
    return context.runtime.createContainer(sandbox.id, config);
  }
}

async function postStart(
  containerId: string,
  action: Of<'start'>,
  memory: PodMemory,
  context: NodeContext,
): Promise<void> {
  const { spec } = action.member;
  const podIP = sandboxesOf(memory, context)[0]?.ips[0] ?? context.hostIP;
  const { runtime, clock } = context;
  try {
    await runHook(spec.lifecycle!.postStart!, { runtime, clock, containerId, spec, podIP }, 600_000);
  } catch (error) {
    const message = `PostStartHook failed: ${(error as Error).message}`;
    context.record(memory.pod, 'Warning', 'FailedPostStartHook', message);
    await runtime.stopContainer(containerId, memory.pod.spec!.terminationGracePeriodSeconds ?? 30);
  } finally {
    memory.postStartPending.delete(containerId);
    await context.observed.refresh(action.sandboxId);
  }
}

function problemOf(error: unknown, repeated: boolean): { reason: string; message: string } {
  const { message } = error as Error;
  if (error instanceof PullError) {
    const backingOff = repeated && error.reason === 'ErrImagePull';
    return {
      reason: backingOff ? 'ImagePullBackOff' : error.reason,
      message: backingOff ? `Back-off pulling image: ${message}` : message,
    };
  }
  // A volume that fails here is a sub-path of this container: its pod's volumes were mounted before.
  if (error instanceof ConfigError || error instanceof VolumeError)
    return { reason: 'CreateContainerConfigError', message };
  return { reason: error instanceof StartError ? 'RunContainerError' : 'CreateContainerError', message };
}

const eventReason = (error: unknown) =>
  error instanceof PullError && error.reason === 'InvalidImageName' ? 'InspectFailed' : 'Failed';

/** preStop first, within the grace period; the stop itself gets what is left of it, and two seconds at least. */
async function stop(action: Of<'stop'>, memory: PodMemory, context: NodeContext): Promise<void> {
  const { container, graceSeconds, why } = action;
  const startedMs = context.clock.monotonicMs();
  memory.stopping.set(container.id, context.clock.now() + graceSeconds * 1000);
  context.record(memory.pod, 'Normal', 'Killing', why, container.name);
  try {
    const spec = action.member?.spec;
    if (spec?.lifecycle?.preStop && graceSeconds > 0 && !action.overtakes)
      await preStop(container, spec, graceSeconds, memory, context);
    const usedSeconds = Math.floor((context.clock.monotonicMs() - startedMs) / 1000);
    const leftSeconds = Math.max(graceSeconds - usedSeconds, Math.min(graceSeconds, 2));
    await context.runtime.stopContainer(container.id, leftSeconds);
    await settle(container, context);
  } finally {
    memory.stopping.delete(container.id);
  }
}

const settleTriesMax = 20;

/** The runtime's status can lag behind the stop it has just confirmed. */
async function settle(container: Container, context: NodeContext): Promise<void> {
  for (let tries = 0; tries < settleTriesMax; tries++) {
    await context.observed.refresh(container.sandboxId);
    const status = await context.runtime.containerStatus(container.id);
    if (status === undefined || status.state !== 'running') return;
    await pause(context.clock, 50);
  }
}

async function preStop(
  container: Container,
  spec: ContainerSpec,
  graceSeconds: number,
  memory: PodMemory,
  context: NodeContext,
) {
  const podIP = sandboxesOf(memory, context)[0]?.ips[0] ?? context.hostIP;
  const { runtime, clock } = context;
  const target = { runtime, clock, containerId: container.id, spec, podIP };
  try {
    await runHook(spec.lifecycle!.preStop!, target, graceSeconds * 1000);
  } catch (error) {
    const message = `PreStopHook failed: ${(error as Error).message}`;
    context.record(memory.pod, 'Warning', 'FailedPreStopHook', message);
  }
}
