import type { Pod, RuntimeClass } from '../../api/schema/types.d.ts';
import type { Sandbox } from '../runtimes/runtime.ts';
import type { NodeContext } from './context.ts';
import type { ActionOf } from './decision.ts';
import type { PodMemory } from './memory.ts';
import { sandboxConfig } from './sandbox-config.ts';

export const sandboxesOf = ({ pod }: Pick<PodMemory, 'pod'>, { observed }: Pick<NodeContext, 'observed'>): Sandbox[] =>
  observed.ofPod(pod.metadata.uid!);

/** Makes the pod's namespaces and network; whatever held them before is stopped first. */
export async function createSandbox(
  { attempt }: ActionOf<'createSandbox'>,
  memory: PodMemory,
  context: NodeContext,
): Promise<void> {
  const { pod } = memory;
  try {
    for (const old of sandboxesOf(memory, context)) await stopSandbox(old.id, memory, context);
    await context.network.beforePodStarts(pod);
    const runtimeHandler = await runtimeHandlerOf(pod, context);
    const config = { ...sandboxConfig(pod, attempt, context.cgroups.parentOf(pod), context), runtimeHandler };
    const id = await context.inTurn(() => context.runtime.runPod(config));
    const [sandbox] = await context.runtime.listPods(id);
    const ip = sandbox?.ips[0];
    if (ip !== undefined) await guard(pod, id, ip, context);
    memory.networked = id;
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
async function guard(pod: Pod, sandboxId: string, ip: string, { runtime, network }: NodeContext): Promise<void> {
  try {
    await network.podNetworkReady(pod, ip);
  } catch (error) {
    await runtime.stopPod(sandboxId);
    await runtime.removePod(sandboxId);
    // Its address is somebody else's next.
    await network.podNetworkGone(pod, ip);
    throw error;
  }
}

/**
 * Tells the network of a sandbox that an agent before made: it may have died before anybody knew the address, and what
 * nobody knows is cut off. Containers do not wait for it: what runs is looked after while the API is away, too.
 */
export async function joinNetwork(sandboxId: string, memory: PodMemory, context: NodeContext): Promise<void> {
  const { pod } = memory;
  const ip = sandboxesOf(memory, context).find(({ id }) => id === sandboxId)?.ips[0];
  if (ip !== undefined) await context.network.podNetworkReady(pod, ip);
  memory.networked = sandboxId;
  // It may have been stopped meanwhile.
  if (ip !== undefined && memory.stoppedSandboxes.has(sandboxId)) await context.network.podNetworkGone(pod, ip);
}

export async function stopSandbox(sandboxId: string, memory: PodMemory, context: NodeContext): Promise<void> {
  const sandbox = sandboxesOf(memory, context).find(({ id }) => id === sandboxId);
  if (memory.stoppedSandboxes.has(sandboxId)) return;
  await context.runtime.stopPod(sandboxId);
  const ip = sandbox?.ips[0];
  if (ip !== undefined) await context.network.podNetworkGone(memory.pod, ip);
  memory.stoppedSandboxes.add(sandboxId);
  await context.observed.refresh(sandboxId);
}
