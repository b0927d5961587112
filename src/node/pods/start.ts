import type { Sandbox } from '../runtimes/runtime.ts';
import { ConfigError } from '../security.ts';
import { VolumeError } from '../volumes/volume-type.ts';
import { containerConfig } from './container-config.ts';
import type { NodeContext } from './context.ts';
import type { ActionOf } from './decision.ts';
import { runHook } from './hooks.ts';
import { PullError } from './image.ts';
import type { PodMemory } from './memory.ts';
import { sandboxesOf } from './sandbox.ts';

/** Pulls, makes and starts a container, and runs its postStart hook; what is in the way becomes its waiting reason. */
export async function start(
  action: ActionOf<'start'>,
  memory: PodMemory,
  context: NodeContext,
  wake: () => void,
): Promise<void> {
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
  action: ActionOf<'start'>,
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
  action: ActionOf<'start'>,
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
